/* A child that a callback has forked returns from the callback into the call:
 * the call ends with OSSMPU_EFORKED, and that of the parent continues. */
#define _POSIX_C_SOURCE 200809L
#include "hooks.h"

#include <sys/wait.h>
#include <unistd.h>

static pid_t parent, child;

static void fork_here(struct hooks *hooks) {
    (void)hooks;
    child = fork();
    CHECK(child >= 0);
}

/* Ends the child, if this is it, and checks in the parent how it has ended. */
static void after_call(int status, int on_worker) {
    int ended = -1;
    if (getpid() != parent)
        _exit(status == OSSMPU_EFORKED ? 0 : 3);
    CHECK(status == OSSMPU_OK);
    CHECK(waitpid(child, &ended, 0) == child);
    CHECK(WIFEXITED(ended) && WEXITSTATUS(ended) == (on_worker ? 1 : 0));
}

static void begin(struct hooks *hooks, enum place place, int skip) {
    hooks->run = fork_here;
    hooks->place = place;
    hooks->skip = skip;
    hooks->done = 0;
    hooks->caller = pthread_self();
}

static void check_upload(struct hooks *hooks, enum place place, int skip) {
    ossmpu_result *result = NULL;
    int status;
    begin(hooks, place, skip);
    status = hooked_upload(hooks, "fork", &result);
    hooks->run = NULL;
    if (hooks->done)
        after_call(status, hooks->on_worker);
    CHECK(status == OSSMPU_OK);
    check_object(hooks->client, "fork", HOOKED_SIZE, result);
    ossmpu_result_free(result);
}

/* Forks after each line in turn, until there are no more. */
static void check_log(struct hooks *hooks) {
    int line = 0;
    do
        check_upload(hooks, IN_LOG, line++);
    while (hooks->done);
    CHECK(line > 10);
}

/* The progress callback runs between the bytes of one request. */
static void check_single(struct hooks *hooks) {
    unsigned char *bytes = some_bytes(1000000);
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_result *result = NULL;
    int status;
    CHECK(!ossmpu_options_set_progress(options, hook_progress, hooks));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_BYTES_PER_SEC,
                                  2000000));
    begin(hooks, IN_PROGRESS, 0);
    status = ossmpu_put_data(hooks->client, BUCKET, "fork", bytes, 1000000,
                             options, NULL, &result, NULL);
    hooks->run = NULL;
    CHECK(hooks->done);
    after_call(status, 0);
    check_object(hooks->client, "fork", 1000000, result);
    ossmpu_result_free(result);
    ossmpu_options_free(options);
    free(bytes);
}

static int fork_at_the_end(void *user, const ossmpu_progress *progress) {
    if (progress->bytes_done == progress->bytes_total)
        fork_here(user);
    return 0;
}

/* The last report of a copy with one request comes after the object exists. */
static void check_copy(struct hooks *hooks) {
    ossmpu_options *options = ossmpu_options_new();
    CHECK(!ossmpu_options_set_progress(options, fork_at_the_end, hooks));
    child = 0;
    after_call(ossmpu_copy_object(hooks->client, BUCKET, "copied", BUCKET,
                                  "fork", NULL, options, NULL, NULL, NULL),
               0);
    CHECK(child != 0);
    ossmpu_options_free(options);
}

static void check_part(struct hooks *hooks) {
    ossmpu_upload *upload = NULL;
    CHECK(!ossmpu_upload_initiate(hooks->client, BUCKET, "fork", NULL, NULL,
                                  &upload, NULL));
    begin(hooks, IN_READ, 1);
    hooks->read = 0;
    after_call(ossmpu_upload_part_from(upload, 1, hook_read, hooks, HOOKED_SIZE,
                                       NULL, NULL),
               0);
    CHECK(hooks->done);
    CHECK(!ossmpu_upload_complete(upload, NULL, NULL, NULL, NULL));
    ossmpu_upload_free(upload);
}

int main(void) {
    struct hooks hooks;
    ossmpu_client *client = hooked_client(&hooks);
    parent = getpid();
    check_upload(&hooks, IN_CREDENTIALS, 0);
    CHECK(hooks.done);
    check_upload(&hooks, IN_READ, 0);
    check_upload(&hooks, IN_READ, 5);
    CHECK(hooks.done);
    check_upload(&hooks, IN_PROGRESS, 0);
    CHECK(hooks.done);
    check_single(&hooks);
    check_copy(&hooks);
    check_part(&hooks);
    check_log(&hooks);
    ossmpu_client_free(client);
    client = hooked_client(&hooks);
    hooks.on_worker = 1;
    check_upload(&hooks, IN_CREDENTIALS, 0);
    CHECK(hooks.done);
    ossmpu_client_free(client);
    return 0;
}
