/* Progress: on the thread of the call, never decreasing, and can cancel. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <time.h>

typedef struct {
    pthread_t thread;
    int calls;
    int return_value;
    ossmpu_progress last;
} Seen;

static int see(void *user, const ossmpu_progress *progress) {
    Seen *seen = user;
    CHECK(pthread_equal(seen->thread, pthread_self()));
    CHECK(progress->struct_size >= sizeof *progress);
    CHECK(progress->bytes_done >= seen->last.bytes_done);
    CHECK(progress->bytes_sent >= seen->last.bytes_sent);
    CHECK(progress->bytes_done <= progress->bytes_total ||
          progress->bytes_total == -1);
    CHECK(progress->parts_done <= progress->parts_total ||
          progress->parts_total == -1);
    CHECK(progress->phase >= OSSMPU_PHASE_PREPARE &&
          progress->phase <= OSSMPU_PHASE_ABORT && progress->reserved == 0);
    CHECK(progress->bytes_resumed == 0);
    CHECK(progress->throttled_ms >= seen->last.throttled_ms);
    seen->calls++;
    seen->last = *progress;
    return seen->return_value;
}

static void check_put(const ossmpu_client *client, ossmpu_options *options,
                      int parts) {
    Seen seen = {0};
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(300000);
    seen.thread = pthread_self();
    CHECK(!ossmpu_options_set_progress(options, see, &seen));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "progress", data, 300000,
                                 options, NULL, NULL, &err),
                 err);
    CHECK(seen.calls >= 1);
    CHECK(seen.last.parts_total == parts && seen.last.parts_done == parts);
    CHECK(seen.last.bytes_total == 300000 && seen.last.bytes_done == 300000);
    CHECK(seen.last.bytes_sent >= 300000);
    free(data);
}

static void check_stop(const ossmpu_client *client) {
    Seen seen = {0};
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(300000);
    seen.thread = pthread_self();
    seen.return_value = -42;
    CHECK(!ossmpu_options_set_progress(options, see, &seen));
    CHECK(ossmpu_put_data(client, BUCKET, "stopped", data, 300000, options,
                          NULL, &result, &err) == OSSMPU_ECANCELED);
    CHECK(result == NULL);
    CHECK(ossmpu_error_code(err) == OSSMPU_ECANCELED);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_CALLBACK_VALUE) == -42);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 0);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_OBJECT_EXISTS) == 0);
    ossmpu_error_free(err);
    memset(&seen.last, 0, sizeof seen.last);
    CHECK(ossmpu_put_data(client, BUCKET, SLOW_KEY, data, 300000, options, NULL,
                          NULL, NULL) == OSSMPU_ECANCELED);
    ossmpu_options_free(options);
    free(data);
}

/* Ended by its first report, a call sends nothing. */
static void check_stop_at_once(const ossmpu_client *client) {
    Seen seen = {0};
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_object *object = NULL;
    ossmpu_error *err = NULL;
    seen.thread = pthread_self();
    seen.return_value = 7;
    CHECK(!ossmpu_options_set_progress(options, see, &seen));
    CHECK(ossmpu_put_data(client, BUCKET, "stopped", "x", 1, options, NULL,
                          NULL, &err) == OSSMPU_ECANCELED);
    CHECK(seen.calls == 1 && seen.last.phase == OSSMPU_PHASE_PREPARE);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_CALLBACK_VALUE) == 7);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_OBJECT_EXISTS) == 0);
    ossmpu_error_free(err);
    CHECK(ossmpu_head_object(client, BUCKET, "stopped", NULL, NULL, NULL,
                             &object, &err) == OSSMPU_ESERVICE);
    ossmpu_error_free(err);
    ossmpu_options_free(options);
}

typedef struct {
    int calls;
    struct timespec first;
    double seconds;
} Stalled;

static int stop_after_ten(void *user, const ossmpu_progress *progress) {
    Stalled *stalled = user;
    struct timespec now;
    (void)progress;
    CHECK(!clock_gettime(CLOCK_MONOTONIC, &now));
    if (stalled->calls++ == 0)
        stalled->first = now;
    stalled->seconds = (double)(now.tv_sec - stalled->first.tv_sec) +
                       (double)(now.tv_nsec - stalled->first.tv_nsec) / 1e9;
    return stalled->calls > 10;
}

/* Reports come at least every 200 ms also while nothing happens: ten in two
 * seconds, with room for a busy machine, but before the response timeout. */
static void check_stalled(const ossmpu_client *client,
                          ossmpu_options *options) {
    Stalled stalled = {0};
    unsigned char *data = some_bytes(300000);
    CHECK(!ossmpu_options_set_progress(options, stop_after_ten, &stalled));
    CHECK(ossmpu_put_data(client, BUCKET, SLOW_KEY, data, 300000, options, NULL,
                          NULL, NULL) == OSSMPU_ECANCELED);
    CHECK(stalled.calls == 11 && stalled.seconds < 25);
    free(data);
}

/* A call that sends one part reports that part. */
static void check_part(const ossmpu_client *client) {
    Seen seen = {0};
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(5000);
    seen.thread = pthread_self();
    CHECK(!ossmpu_options_set_progress(options, see, &seen));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "progress", options,
                                        NULL, &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part(upload, 9, data, 5000, NULL, &err), err);
    CHECK(seen.last.parts_total == 1 && seen.last.bytes_done == 5000);
    CHECK(seen.last.phase == OSSMPU_PHASE_SEND);
    memset(&seen.last, 0, sizeof seen.last); /* of another call */
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    ossmpu_upload_free(upload);
    ossmpu_options_free(options);
    free(data);
}

/* The list of the parts of an upload is a call as well. */
static void check_attach(const ossmpu_client *client) {
    Seen seen = {0};
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    seen.thread = pthread_self();
    seen.return_value = 7;
    CHECK(!ossmpu_options_set_progress(options, see, &seen));
    CHECK(ossmpu_upload_attach(client, BUCKET, "progress", "id",
                               OSSMPU_ATTACH_LIST_PARTS, options, NULL, &upload,
                               &err) == OSSMPU_ECANCELED);
    CHECK(seen.calls == 1 && seen.last.phase == OSSMPU_PHASE_PREPARE);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_CALLBACK_VALUE) == 7);
    CHECK(upload == NULL);
    ossmpu_error_free(err);
    ossmpu_options_free(options);
}

/* With a traffic limit OSS delays the data, and says for how long. */
static void check_throttled(const ossmpu_client *client) {
    Seen seen = {0};
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(300000);
    seen.thread = pthread_self();
    CHECK(!ossmpu_options_set_progress(options, see, &seen));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_TRAFFIC_LIMIT,
                                  4096000));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "throttled", data, 300000,
                                 options, NULL, &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_THROTTLED_MS) > 0);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_THROTTLED_MS) ==
          seen.last.throttled_ms);
    ossmpu_result_free(result);
    ossmpu_options_free(options);
    free(data);
}

int main(void) {
    ossmpu_client *client = new_client();
    ossmpu_options *several = in_parts(), *single = ossmpu_options_new();
    check_put(client, several, 3);
    check_put(client, single, 0);
    check_stop(client);
    check_stop_at_once(client);
    check_part(client);
    check_attach(client);
    check_throttled(client);
    check_stalled(client, single);
    check_stalled(client, several);
    ossmpu_options_free(several);
    ossmpu_options_free(single);
    ossmpu_client_free(client);
    return 0;
}
