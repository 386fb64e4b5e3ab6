/* Many threads share a client, options, an upload and a cancel token, and free
 * the handles created from them in any order. */
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>

#define THREADS 32
#define SIZE 102400

static ossmpu_client *client;
static ossmpu_options *options;
static ossmpu_upload *upload;
static ossmpu_cancel *cancel;
static unsigned char *data;

static struct {
    ossmpu_upload *upload;
    ossmpu_part_iter *parts;
    ossmpu_upload_iter *uploads;
    ossmpu_writer *writer;
} orphans[THREADS];

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
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 0);
    ossmpu_error_free(err);
    return NULL;
}

/* Each thread sets the time of the token, triggers it and is canceled by it. */
static void *set_and_trigger(void *user) {
    int number = (int)(uintptr_t)user;
    CHECK(!ossmpu_cancel_after_ms(cancel, 60000 + number));
    if (number % 4 == 0)
        ossmpu_cancel_trigger(cancel);
    return put_slowly(user);
}

/* All threads see the same parts, and can list them while they change. */
static void *add_and_list(void *user) {
    int32_t number = (int32_t)(uintptr_t)user;
    ossmpu_part_iter *parts = NULL;
    const ossmpu_part_info *part = NULL;
    uint64_t crc64 = 5;
    int32_t before = 0;
    CHECK(!ossmpu_upload_add_part(upload, number, SIZE, "AB", &crc64, NULL));
    CHECK(!ossmpu_upload_sent_parts(upload, &parts, NULL));
    while (!ossmpu_part_iter_next(parts, &part, NULL)) {
        CHECK(part->number > before);
        before = part->number;
    }
    CHECK(before >= number);
    ossmpu_part_iter_free(parts);
    return NULL;
}

/* Completing while a part is sent fails, and so does a part afterwards. */
static void *send_or_complete(void *user) {
    int32_t number = (int32_t)(uintptr_t)user;
    ossmpu_error *err = NULL;
    int status = number % 8 == 0
                     ? ossmpu_upload_complete(upload, NULL, NULL, NULL, &err)
                     : ossmpu_upload_part(upload, number, data, SIZE, NULL,
                                          &err);
    CHECK(status == OSSMPU_OK || status == OSSMPU_ESTATE ||
          (number % 8 == 0 && status == OSSMPU_EINVAL));
    CHECK(ossmpu_error_code(err) == status);
    ossmpu_error_free(err);
    return NULL;
}

/* Any thread can free the last of each kind, at the same time. */
static void *free_one(void *user) {
    uintptr_t number = (uintptr_t)user - 1;
    ossmpu_upload_free(orphans[number].upload);
    ossmpu_part_iter_free(orphans[number].parts);
    ossmpu_upload_iter_free(orphans[number].uploads);
    ossmpu_writer_free(orphans[number].writer);
    if (number == 7)
        ossmpu_options_free(options);
    if (number == 11)
        ossmpu_cancel_free(cancel);
    if (number == 13)
        ossmpu_client_free(client);
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

static void initiate(const char *key) {
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, key, options, cancel,
                                        &upload, &err),
                 err);
}

/* All threads send parts of one upload, and then one completes it. */
static void check_upload(void) {
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    initiate("threads");
    run(send_part, 0);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, cancel, &result, &err),
                 err);
    check_object(client, "threads", (int64_t)THREADS * SIZE, result);
    ossmpu_result_free(result);
    ossmpu_upload_free(upload);
}

/* All threads use one upload with different calls. */
static void check_state(void) {
    initiate("state");
    run(send_or_complete, 0);
    if (ossmpu_upload_abort(upload, NULL) != OSSMPU_OK)
        CHECK(ossmpu_upload_abort(upload, NULL) == OSSMPU_ESTATE);
    ossmpu_upload_free(upload);
    initiate("known");
    run(add_and_list, 0);
    CHECK(!ossmpu_upload_abort(upload, NULL));
    ossmpu_upload_free(upload);
}

static void check_frees(void) {
    int i;
    initiate("orphan");
    for (i = 0; i < THREADS; i++) {
        CHECK(!ossmpu_upload_attach(client, BUCKET, "orphan",
                                    ossmpu_upload_id(upload), 0, options, NULL,
                                    &orphans[i].upload, NULL));
        CHECK(!ossmpu_list_parts(client, BUCKET, "orphan", "id", options,
                                 cancel, &orphans[i].parts, NULL));
        CHECK(!ossmpu_list_uploads(client, BUCKET, NULL, NULL, options, cancel,
                                   &orphans[i].uploads, NULL));
        CHECK(!ossmpu_writer_open(client, BUCKET, "orphan", options, cancel,
                                  &orphans[i].writer, NULL));
        CHECK(!ossmpu_writer_write(orphans[i].writer, data, 9, NULL));
    }
    CHECK(!ossmpu_upload_abort(upload, NULL));
    ossmpu_upload_free(upload);
    run(free_one, 0);
}

int main(void) {
    int descriptors = count_descriptors();
    client = new_client();
    options = in_parts();
    cancel = ossmpu_cancel_new();
    data = some_bytes(SIZE + 9);
    check_upload();
    run(put, 0);
    check_state();
    run(put_slowly, 1);
    ossmpu_cancel_free(cancel);
    cancel = ossmpu_cancel_new();
    run(set_and_trigger, 0);
    ossmpu_cancel_free(cancel);
    cancel = ossmpu_cancel_new();
    check_frees();
    check_threads(1);
    CHECK(count_descriptors() == descriptors);
    free(data);
    return 0;
}
