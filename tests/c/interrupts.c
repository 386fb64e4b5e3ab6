/* Cancellation in each phase of a request, from a thread and from a signal
 * handler: the call returns at once. */
#define _GNU_SOURCE
#include "host.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#define ROUNDS rounds(10)

/* The delay of the trigger, when the call is in its phase. */
#define DELAY_US (30 * 1000)

#define SIZE (7 * 1024 * 1024)

static ossmpu_cancel *token;
static volatile int64_t triggered_ms;
static unsigned char *data;

/* Milliseconds from the trigger to the return of each call. */
static int64_t lags[1000];
static int calls;

static pthread_mutex_t looking = PTHREAD_MUTEX_INITIALIZER;

/* The slow resolver: it returns when `looking` can be locked. */
int getaddrinfo(const char *host, const char *service,
                const struct addrinfo *hints, struct addrinfo **out) {
    (void)host;
    (void)service;
    (void)hints;
    (void)out;
    CHECK(!pthread_mutex_lock(&looking));
    CHECK(!pthread_mutex_unlock(&looking));
    return EAI_AGAIN;
}

static void on_alarm(int number) {
    (void)number;
    triggered_ms = now_ms();
    ossmpu_cancel_trigger(token);
}

static void *trigger(void *user) {
    struct timespec delay = {0, DELAY_US * 1000};
    (void)user;
    nanosleep(&delay, NULL);
    on_alarm(0);
    return NULL;
}

static void set_alarm(void) {
    struct itimerval once = {{0, 0}, {0, DELAY_US}};
    CHECK(!setitimer(ITIMER_REAL, &once, NULL));
}

static void check_call(const ossmpu_client *client, size_t size,
                       const char *phase) {
    ossmpu_error *err = NULL;
    int64_t lag;
    CHECK(ossmpu_put_data(client, BUCKET, "interrupted", data, size, NULL,
                          token, NULL, &err) == OSSMPU_ECANCELED);
    lag = now_ms() - triggered_ms;
    CHECK(phase == NULL ||
          strcmp(ossmpu_error_str(err, OSSMPU_ERRINFO_PHASE), phase) == 0);
    CHECK(lag < 2000);
    lags[calls++] = lag;
    ossmpu_error_free(err);
    ossmpu_cancel_free(token);
}

/* Frees the client. */
static void check_phase(ossmpu_client *client, size_t size,
                        const char *phase) {
    sigset_t alarm_only;
    int i;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    for (i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        token = ossmpu_cancel_new();
        CHECK(!pthread_create(&thread, NULL, trigger, NULL));
        check_call(client, size, phase);
        CHECK(!pthread_join(thread, NULL));
        token = ossmpu_cancel_new();
        set_alarm();
        check_call(client, size, phase);
    }
    ossmpu_client_free(client);
}

/* No name is resolved while the lock is held. */
static void check_resolve(void) {
    CHECK(!pthread_mutex_lock(&looking));
    check_phase(client_of("http", "slow.invalid", 80, 5), 1, "resolve");
    CHECK(!pthread_mutex_unlock(&looking));
    /* The abandoned thread ends with the resolver. */
    check_threads(1);
}

/* With a full backlog the kernel completes no more connections. */
static void check_connect(void) {
    int port, i, waiting[3];
    int listener = listen_on_loopback(0, &port);
    for (i = 0; i < 3; i++)
        waiting[i] = connect_to(port, SOCK_NONBLOCK);
    check_phase(client_of("http", "127.0.0.1", port, 5), 1, "connect");
    for (i = 0; i < 3; i++)
        close(waiting[i]);
    close(listener);
}

/* The kernel accepts the connection and fills its buffers; no one reads. */
static void check_transfer(void) {
    int port, listener = listen_on_loopback(1000, &port);
    check_phase(client_of("http", "127.0.0.1", port, 5), SIZE, "send");
    check_phase(client_of("http", "127.0.0.1", port, 5), 1, "wait");
    close(listener);
}

/* Connections are refused at once, so nearly all the time is spent in the
 * back-off between attempts. */
static void check_back_off(void) {
    int port, listener = listen_on_loopback(1, &port);
    close(listener);
    check_phase(client_of("http", "127.0.0.1", port, 100), 1, NULL);
}

static int by_size(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

int main(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    CHECK(!sigaction(SIGALRM, &action, NULL));
    data = some_bytes(SIZE);
    check_resolve();
    check_connect();
    check_transfer();
    check_back_off();
    /* On a busy machine some calls may take longer, but not most. */
    qsort(lags, (size_t)calls, sizeof *lags, by_size);
    CHECK(lags[calls / 2] < 50);
    free(data);
    return 0;
}
