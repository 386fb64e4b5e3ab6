/* Cancellation: before and during a call, by time, from a thread, from a
 * signal handler. */
#define _XOPEN_SOURCE 700
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

static ossmpu_cancel *token;

static void on_alarm(int signal_number) {
    (void)signal_number;
    errno = 12345;
    ossmpu_cancel_trigger(token);
    if (errno != 12345)
        abort();
}

static void *trigger(void *user) {
    struct timespec pause = {0, 100 * 1000 * 1000};
    nanosleep(&pause, NULL);
    ossmpu_cancel_trigger(user);
    return NULL;
}

static int64_t now_ms(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* An upload that would take a minute is canceled soon and aborted. */
static void check_canceled(const ossmpu_client *client) {
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(300000);
    int64_t start = now_ms();
    CHECK(ossmpu_put_data(client, BUCKET, SLOW_KEY, data, 300000, options,
                          token, &result, &err) == OSSMPU_ECANCELED);
    CHECK(now_ms() - start < 25000);
    CHECK(result == NULL);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 0);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_UPLOAD_MAY_EXIST) == 0);
    ossmpu_error_free(err);
    /* The same with one request. */
    CHECK(ossmpu_put_data(client, BUCKET, SLOW_KEY, "abc", 3, NULL, token, NULL,
                          NULL) == OSSMPU_ECANCELED);
    ossmpu_options_free(options);
    ossmpu_cancel_free(token);
    token = NULL;
    free(data);
}

int main(void) {
    ossmpu_client *client = new_client();
    ossmpu_error *err = NULL;
    pthread_t thread;
    struct sigaction action;
    struct itimerval timer = {{0, 0}, {0, 100 * 1000}};

    token = ossmpu_cancel_new();
    ossmpu_cancel_trigger(token);
    ossmpu_cancel_trigger(token);
    check_canceled(client);

    token = ossmpu_cancel_new();
    CHECK(ossmpu_cancel_after_ms(token, -1) == OSSMPU_EINVAL);
    CHECK(ossmpu_cancel_after_ms(token, INT64_MAX) == OSSMPU_OK);
    CHECK(ossmpu_cancel_after_ms(token, 100) == OSSMPU_OK);
    check_canceled(client);

    token = ossmpu_cancel_new();
    CHECK(pthread_create(&thread, NULL, trigger, token) == 0);
    check_canceled(client);
    CHECK(pthread_join(thread, NULL) == 0);

    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    token = ossmpu_cancel_new();
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    check_canceled(client);

    /* A token that is not triggered has no effect. */
    token = ossmpu_cancel_new();
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "not-canceled", "abc", 3, NULL,
                                 token, NULL, &err),
                 err);
    ossmpu_cancel_free(token);
    ossmpu_client_free(client);
    return 0;
}
