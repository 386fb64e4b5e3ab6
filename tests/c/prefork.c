/* A program that forks while its threads upload. Each child creates its own
 * client, all its calls return, and the parent is not affected. */
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>
#include <sys/types.h>
#include <sys/wait.h>

#define CHILDREN 24
#define AT_ONCE 4
#define SIZE 250000

static ossmpu_client *client;
static ossmpu_options *options;
static ossmpu_upload *busy;
static ossmpu_cancel *cancel;
static unsigned char *data;
static volatile int ends;

/* Sends a part while the process forks. */
static void *send_slowly(void *user) {
    (void)user;
    CHECK(ossmpu_upload_part(busy, 1, data, SIZE, cancel, NULL) ==
          OSSMPU_ECANCELED);
    return NULL;
}

static void *put_all_the_time(void *user) {
    const char *key = user;
    while (!ends) {
        ossmpu_result *result = NULL;
        ossmpu_error *err = NULL;
        CHECK_STATUS(OSSMPU_OK,
                     ossmpu_put_data(client, BUCKET, key, data, SIZE, options,
                                     cancel, &result, &err),
                     err);
        check_object(client, key, SIZE, result);
        ossmpu_result_free(result);
    }
    return NULL;
}

static void run_child(int number) {
    ossmpu_client *own;
    ossmpu_part_iter *parts = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    char key[32];
    /* The child waits neither for the part nor for a lock: no thread would end
     * that. */
    alarm(60);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_upload_abort(busy, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_complete(busy, NULL, NULL, NULL, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_upload_sent_parts(busy, &parts, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_put_data(client, BUCKET, "child", data, SIZE, options,
                                 NULL, NULL, &err),
                 err);
    ossmpu_upload_free(busy);
    ossmpu_client_free(client);
    ossmpu_cancel_free(cancel);
    own = new_client();
    snprintf(key, sizeof key, "child-%d", number);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(own, BUCKET, key, data, SIZE, options, NULL,
                                 &result, &err),
                 err);
    check_object(own, key, SIZE, result);
    ossmpu_result_free(result);
    ossmpu_client_free(own);
    _exit(0);
}

static void fork_some(int first, int count) {
    pid_t children[AT_ONCE];
    int i, status;
    for (i = 0; i < count; i++) {
        children[i] = fork();
        CHECK(children[i] >= 0);
        if (children[i] == 0)
            run_child(first + i);
    }
    for (i = 0; i < count; i++) {
        CHECK(waitpid(children[i], &status, 0) == children[i]);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

int main(void) {
    static char *keys[] = {"parent-1", "parent-2"};
    pthread_t sender, putters[2];
    int i;
    data = some_bytes(SIZE);
    options = in_parts();
    client = new_client();
    cancel = ossmpu_cancel_new();
    CHECK(!ossmpu_upload_initiate(client, BUCKET, SLOW_KEY, options, cancel,
                                  &busy, NULL));
    CHECK(!pthread_create(&sender, NULL, send_slowly, NULL));
    for (i = 0; i < 2; i++)
        CHECK(!pthread_create(&putters[i], NULL, put_all_the_time, keys[i]));
    for (i = 0; i < rounds(CHILDREN); i += AT_ONCE)
        fork_some(i, AT_ONCE);
    ends = 1;
    for (i = 0; i < 2; i++)
        CHECK(!pthread_join(putters[i], NULL));
    ossmpu_cancel_trigger(cancel);
    CHECK(!pthread_join(sender, NULL));
    CHECK(!ossmpu_upload_abort(busy, NULL));
    ossmpu_upload_free(busy);
    ossmpu_cancel_free(cancel);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    free(data);
    return 0;
}
