/* Shared by the tests of what callbacks may do: a client all of whose callbacks
 * run one hook. */
#ifndef HOOKS_H
#define HOOKS_H

#include "check.h"

#include <pthread.h>
#include <time.h>

enum place { IN_PROGRESS, IN_READ, IN_CREDENTIALS, IN_LOG, PLACES };

#define HOOKED_SIZE 400000

struct hooks {
    /* The hook, and the callback that runs it. */
    void (*run)(struct hooks *hooks);
    enum place place;
    /* Calls of that callback before the one that runs the hook. */
    int skip;
    /* Whether it has to run on another thread than caller. */
    int on_worker;
    pthread_t caller;
    int done;
    const ossmpu_client *client;
    size_t read;
    /* When the latest key expires. */
    time_t expires;
};

static inline void visit(struct hooks *hooks, enum place place) {
    int is_caller = pthread_equal(hooks->caller, pthread_self()) != 0;
    if (hooks->run == NULL || hooks->place != place || hooks->done ||
        hooks->on_worker == is_caller || hooks->skip-- > 0)
        return;
    hooks->done = 1;
    hooks->run(hooks);
}

/* Waits until the key has expired, so that the worker that sends the next part
 * needs another one. */
static inline void wait_for_expiry(const struct hooks *hooks) {
    const struct timespec pause = {0, 10000000};
    while (time(NULL) <= hooks->expires)
        nanosleep(&pause, NULL);
}

static inline int hook_progress(void *user, const ossmpu_progress *progress) {
    (void)progress;
    visit((struct hooks *)user, IN_PROGRESS);
    return 0;
}

static inline int64_t hook_read(void *user, void *buffer, size_t size) {
    struct hooks *hooks = (struct hooks *)user;
    size_t left = HOOKED_SIZE - hooks->read;
    size_t count = size < left ? size : left;
    count = count < 50000 ? count : 50000;
    visit(hooks, IN_READ);
    if (hooks->on_worker && hooks->read < HOOKED_SIZE / 2 &&
        hooks->read + count >= HOOKED_SIZE / 2)
        wait_for_expiry(hooks);
    memset(buffer, 7, count);
    hooks->read += count;
    return (int64_t)count;
}

/* The keys are valid for at most two seconds if a worker has to need another
 * one. */
static inline int hook_credentials(void *user, ossmpu_credentials *out) {
    struct hooks *hooks = (struct hooks *)user;
    visit(hooks, IN_CREDENTIALS);
    hooks->expires = time(NULL) + (hooks->on_worker ? 2 : 1000);
    return ossmpu_credentials_set(out, getenv("OSS_ACCESS_KEY_ID"),
                                  getenv("OSS_ACCESS_KEY_SECRET"), NULL,
                                  (int64_t)hooks->expires);
}

static inline void hook_log(void *user, int level, const char *line) {
    (void)level;
    (void)line;
    visit((struct hooks *)user, IN_LOG);
}

/* A client with the hooks, which runs none before the caller sets run. */
static inline ossmpu_client *hooked_client(struct hooks *hooks) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    memset(hooks, 0, sizeof *hooks);
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_credentials_fn(config, hook_credentials, hooks,
                                            NULL));
    CHECK(!ossmpu_config_set_log_fn(config, OSSMPU_LOG_DEBUG, hook_log, hooks,
                                    NULL));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    ossmpu_config_free(config);
    hooks->client = client;
    return client;
}

/* Uploads from this thread with all callbacks. */
static inline int hooked_upload(struct hooks *hooks, const char *key,
                                ossmpu_result **result) {
    ossmpu_options *options = in_parts();
    ossmpu_error *err = NULL;
    int status;
    hooks->caller = pthread_self();
    hooks->read = 0;
    CHECK(!ossmpu_options_set_progress(options, hook_progress, hooks));
    status = ossmpu_put_stream(hooks->client, BUCKET, key, hook_read, hooks, -1,
                               options, NULL, result, &err);
    CHECK(ossmpu_error_code(err) == status);
    ossmpu_error_free(err);
    ossmpu_options_free(options);
    return status;
}

static inline void check_hooked_upload(struct hooks *hooks, const char *key) {
    ossmpu_result *result = NULL;
    CHECK(hooked_upload(hooks, key, &result) == OSSMPU_OK);
    check_object(hooks->client, key, HOOKED_SIZE, result);
    ossmpu_result_free(result);
}

/* Aborts what calls that have not returned have left. */
static inline void abort_all(const ossmpu_client *client) {
    const ossmpu_upload_info *info = NULL;
    ossmpu_upload_iter *iter = NULL;
    CHECK(!ossmpu_list_uploads(client, BUCKET, NULL, NULL, NULL, NULL, &iter,
                               NULL));
    while (ossmpu_upload_iter_next(iter, &info, NULL) == OSSMPU_OK) {
        ossmpu_upload *upload = NULL;
        CHECK(!ossmpu_upload_attach(client, BUCKET, info->key, info->upload_id,
                                    0, NULL, NULL, &upload, NULL));
        CHECK(!ossmpu_upload_abort(upload, NULL));
        ossmpu_upload_free(upload);
    }
    ossmpu_upload_iter_free(iter);
}

#endif /* HOOKS_H */
