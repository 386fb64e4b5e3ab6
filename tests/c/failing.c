/* The k-th request and the k-th read fail, for every k: the call returns the
 * right error, and nothing is left in memory, on disk or in the bucket. */
#define _POSIX_C_SOURCE 200809L
#include "host.h"

#define SIZE 250000

/* More requests and reads than any of the calls makes. */
#define MOST 10

static ossmpu_client *client;
static ossmpu_options *options;
static unsigned char *data;
static const char *path;

struct source {
    int64_t left;
    int reads_left;
};

static int64_t pour(void *user, void *buf, size_t len) {
    struct source *source = user;
    size_t count = len < 30000 ? len : 30000;
    if (source->reads_left-- == 0)
        return -77;
    if ((int64_t)count > source->left)
        count = (size_t)source->left;
    memset(buf, 'x', count);
    source->left -= (int64_t)count;
    return (int64_t)count;
}

static int put_memory(const char *key, ossmpu_error **err) {
    return ossmpu_put_data(client, BUCKET, key, data, SIZE, options, NULL, NULL,
                           err);
}

static int put_at_once(const char *key, ossmpu_error **err) {
    return ossmpu_put_data(client, BUCKET, key, data, SIZE, NULL, NULL, NULL,
                           err);
}

static int put_file(const char *key, ossmpu_error **err) {
    return ossmpu_put_file(client, BUCKET, key, path, options, NULL, NULL, err);
}

static int put_stream(const char *key, ossmpu_error **err) {
    struct source source = {SIZE, -1};
    return ossmpu_put_stream(client, BUCKET, key, pour, &source, -1, options,
                             NULL, NULL, err);
}

static int put_by_writer(const char *key, ossmpu_error **err) {
    ossmpu_writer *writer = NULL;
    int status;
    CHECK(!ossmpu_writer_open(client, BUCKET, key, options, NULL, &writer,
                              NULL));
    status = ossmpu_writer_write(writer, data, SIZE, err);
    if (status == OSSMPU_OK)
        status = ossmpu_writer_finish(writer, NULL, err);
    ossmpu_writer_free(writer);
    return status;
}

static int copy(const char *key, ossmpu_error **err) {
    return ossmpu_copy_object(client, BUCKET, key, BUCKET, "copied", NULL,
                              options, NULL, NULL, err);
}

/* Aborts after the first failure; if that fails too, the caller aborts. */
static int step_by_step(const char *key, ossmpu_error **err) {
    ossmpu_upload *upload = NULL;
    ossmpu_part_iter *parts = NULL;
    const ossmpu_part_info *part = NULL;
    int status = ossmpu_upload_initiate(client, BUCKET, key, options, NULL,
                                        &upload, err);
    if (status == OSSMPU_OK)
        status = ossmpu_upload_part(upload, 1, data, SIZE, NULL, err);
    if (status == OSSMPU_OK)
        status = ossmpu_upload_part_file(upload, 2, path, 5, 7, NULL, err);
    if (status == OSSMPU_OK)
        status = ossmpu_list_parts(client, BUCKET, key,
                                   ossmpu_upload_id(upload), options, NULL,
                                   &parts, err);
    while (status == OSSMPU_OK)
        status = ossmpu_part_iter_next(parts, &part, err);
    ossmpu_part_iter_free(parts);
    if (status == OSSMPU_DONE)
        status = ossmpu_upload_complete(upload, options, NULL, NULL, err);
    if (status < 0)
        ossmpu_upload_abort(upload, NULL);
    ossmpu_upload_free(upload);
    return status;
}

/* Whether there is an upload of that key; aborts it. */
static int is_left(const char *key) {
    ossmpu_upload_iter *iter = NULL;
    const ossmpu_upload_info *entry = NULL;
    int found = 0;
    CHECK(!ossmpu_list_uploads(client, BUCKET, key, NULL, NULL, NULL, &iter,
                               NULL));
    while (!ossmpu_upload_iter_next(iter, &entry, NULL)) {
        ossmpu_upload *upload = NULL;
        if (strcmp(entry->key, key) != 0)
            continue;
        found++;
        CHECK(!ossmpu_upload_attach(client, BUCKET, key, entry->upload_id, 0,
                                    NULL, NULL, &upload, NULL));
        CHECK(!ossmpu_upload_abort(upload, NULL));
        ossmpu_upload_free(upload);
    }
    ossmpu_upload_iter_free(iter);
    return found;
}

static int (*const calls[])(const char *, ossmpu_error **) = {
    put_memory, put_at_once,  put_file, put_stream,
    put_by_writer, copy, step_by_step,
};

/* The k-th request of the call is refused, or its response is lost. A request
 * on an old connection is retried at once, so an Initiate may succeed and leave
 * an orphaned upload. */
static void check_requests(const char *fault, int which, int want) {
    int k, failed = 0, status = OSSMPU_OK;
    for (k = 1; k <= MOST; k++) {
        ossmpu_error *err = NULL;
        char key[32];
        snprintf(key, sizeof key, "%s-%d-%d", fault, which, k);
        status = calls[which](key, &err);
        /* Whether Complete took effect can be resolved, unless that fails. */
        CHECK(status == OSSMPU_OK || status == want ||
              status == OSSMPU_EUNKNOWN);
        CHECK(ossmpu_error_code(err) == status);
        if (is_left(key))
            CHECK(status == OSSMPU_OK
                      ? want == OSSMPU_ENETWORK && k == 1
                      : ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) ||
                            ossmpu_error_int(err,
                                             OSSMPU_ERRINFO_UPLOAD_MAY_EXIST));
        failed += status != OSSMPU_OK;
        ossmpu_error_free(err);
    }
    CHECK(failed > 0 || want == OSSMPU_ENETWORK);
    CHECK(failed < MOST && status == OSSMPU_OK);
}

static int stream_from(const ossmpu_upload *upload, struct source *source,
                       ossmpu_error **err) {
    (void)upload;
    return ossmpu_put_stream(client, BUCKET, "read", pour, source, SIZE,
                             options, NULL, NULL, err);
}

static int part_from(const ossmpu_upload *upload, struct source *source,
                     ossmpu_error **err) {
    return ossmpu_upload_part_from(upload, 1, pour, source, SIZE, NULL, err);
}

/* The k-th read cancels the call with its own value. */
static void check_reads(int (*call)(const ossmpu_upload *, struct source *,
                                    ossmpu_error **)) {
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    int k, status = OSSMPU_ECALLBACK;
    CHECK(!ossmpu_upload_initiate(client, BUCKET, "reads", NULL, NULL, &upload,
                                  NULL));
    for (k = 0; status != OSSMPU_OK; k++) {
        struct source source = {SIZE, k};
        CHECK(k <= 2 * MOST);
        status = call(upload, &source, &err);
        CHECK(status == OSSMPU_OK || status == OSSMPU_ECALLBACK);
        CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_CALLBACK_VALUE) ==
              (status == OSSMPU_OK ? 0 : -77));
        CHECK(!is_left("read"));
        ossmpu_error_free(err);
    }
    CHECK(k > SIZE / 30000);
    CHECK(!ossmpu_upload_abort(upload, NULL));
    ossmpu_upload_free(upload);
}

int main(int argc, char **argv) {
    const char *port = strrchr(getenv("OSS_ENDPOINT"), ':');
    int which, descriptors;
    CHECK(argc == 3);
    path = argv[1];
    data = some_bytes(SIZE);
    options = in_parts();
    /* With one attempt most faults fail the call. */
    client = client_of("http", "127.0.0.1", atoi(port + 1), 1);
    CHECK(!put_memory("copied", NULL));
    descriptors = count_descriptors();
    for (which = 0; which < (int)(sizeof calls / sizeof *calls); which++) {
        check_requests("refused", which, OSSMPU_ESERVICE);
        check_requests("reset", which, OSSMPU_ENETWORK);
    }
    check_reads(stream_from);
    check_reads(part_from);
    /* Only pooled connections are still open. */
    CHECK(count_descriptors() <= descriptors + 16);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    check_threads(1);
    free(data);
    return 0;
}
