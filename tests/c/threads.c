/* Many threads share a client, options, an upload and a cancel token. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <time.h>

#define THREADS 24
#define SIZE 102400

static ossmpu_client *client;
static ossmpu_options *options;
static ossmpu_upload *upload;
static ossmpu_cancel *cancel;
static unsigned char *data;

static void *send_part(void *user) {
    int32_t number = (int32_t)(uintptr_t)user;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part(upload, number, data, SIZE, cancel, &err),
                 err);
    CHECK(ossmpu_upload_id(upload)[0] != '\0');
    return NULL;
}

static void *put(void *user) {
    char key[32];
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    snprintf(key, sizeof key, "thread-%d", (int)(uintptr_t)user);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, key, data, SIZE + 9, options,
                                 cancel, &result, &err),
                 err);
    check_object(client, key, SIZE + 9, result);
    ossmpu_result_free(result);
    return NULL;
}

static void *put_slowly(void *user) {
    ossmpu_error *err = NULL;
    (void)user;
    CHECK(ossmpu_put_data(client, BUCKET, SLOW_KEY, data, SIZE + 9, options,
                          cancel, NULL, &err) == OSSMPU_ECANCELED);
    CHECK(ossmpu_error_int(err, OSSMPU_ERROR_PARTS_LEFT) == 0);
    ossmpu_error_free(err);
    return NULL;
}

static void run(void *(*body)(void *), int trigger) {
    pthread_t threads[THREADS];
    struct timespec pause = {0, 100 * 1000 * 1000};
    uintptr_t i;
    for (i = 0; i < THREADS; i++)
        CHECK(!pthread_create(&threads[i], NULL, body, (void *)(i + 1)));
    if (trigger) {
        nanosleep(&pause, NULL);
        ossmpu_cancel_trigger(cancel);
    }
    for (i = 0; i < THREADS; i++)
        CHECK(!pthread_join(threads[i], NULL));
}

int main(void) {
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    client = new_client();
    options = in_parts();
    cancel = ossmpu_cancel_new();
    data = some_bytes(SIZE + 9);

    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "threads", options,
                                        cancel, &upload, &err),
                 err);
    run(send_part, 0);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, cancel, &result, &err),
                 err);
    check_object(client, "threads", (int64_t)THREADS * SIZE, result);
    ossmpu_result_free(result);

    run(put, 0);
    run(put_slowly, 1);

    ossmpu_upload_free(upload);
    ossmpu_cancel_free(cancel);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    free(data);
    return 0;
}
