/* A forked child: inherited handles return OSSMPU_EFORKED and can be freed;
 * new ones work. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static ossmpu_client *client;
static ossmpu_options *options;
static ossmpu_upload *upload;
static ossmpu_cancel *cancel;
static ossmpu_part_iter *listed;
static ossmpu_part_iter *sent;
static ossmpu_upload_iter *uploads;
static ossmpu_writer *writer;
static ossmpu_result *presigned;
static const char *path;
static int dropped;

static void log_line(void *user, int level, const char *line) {
    (void)user;
    (void)level;
    (void)line;
}

static void drop(void *user) {
    (void)user;
    dropped++;
}

static int64_t pour(void *user, void *buf, size_t len) {
    (void)user;
    (void)buf;
    (void)len;
    CHECK(!"asked for data that cannot be sent");
    return 0;
}

/* Every call on a handle of the parent returns OSSMPU_EFORKED. */
static void check_client(void) {
    ossmpu_upload *other = NULL;
    ossmpu_writer *opened = NULL;
    ossmpu_part_iter *parts = NULL;
    ossmpu_upload_iter *iter = NULL;
    ossmpu_object *object = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_put_data(client, BUCKET, "child", "x", 1, NULL, NULL,
                                 &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_put_file(client, BUCKET, "child", path, options, cancel,
                                  &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_head_object(client, BUCKET, "child", NULL, NULL, NULL,
                                    &object, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_initiate(client, BUCKET, "child", NULL, NULL,
                                        &other, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_attach(client, BUCKET, "child", "id",
                                      OSSMPU_ATTACH_LIST_PARTS, NULL, NULL,
                                      &other, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_put_stream(client, BUCKET, "child", pour, NULL, -1,
                                   NULL, NULL, &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_copy_object(client, BUCKET, "child", BUCKET, "parent",
                                    NULL, NULL, NULL, &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_presign(client, OSSMPU_PRESIGN_PUT_OBJECT, BUCKET,
                                "child", NULL, 0, 60, NULL, NULL, &result,
                                &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_put_part_url(
                     client, ossmpu_result_str(presigned, OSSMPU_RESULT_URL),
                     "x", 1, NULL, NULL, &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_writer_open(client, BUCKET, "child", NULL, NULL,
                                    &opened, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_list_parts(client, BUCKET, "child", "id", NULL, NULL,
                                   &parts, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_list_uploads(client, BUCKET, NULL, NULL, NULL, NULL,
                                     &iter, &err),
                 err);
    CHECK(!other && !opened && !parts && !iter && !object && !result);
}

static void check_children(void) {
    const ossmpu_upload_info *entry = NULL;
    const ossmpu_part_info *part = NULL;
    ossmpu_part_iter *parts = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_part(upload, 2, "x", 1, NULL, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_part_file(upload, 2, path, 0, 1, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_part_from(upload, 2, pour, NULL, 1, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_part_copy(upload, 2, BUCKET, "parent", NULL, 0,
                                         -1, NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_add_part(upload, 2, 1, "AB", NULL, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_upload_sent_parts(upload, &parts, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_complete(upload, NULL, NULL, &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_upload_abort(upload, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_part_iter_next(listed, &part, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_part_iter_next(sent, &part, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_iter_next(uploads, &entry, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_writer_write(writer, "x", 1, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_writer_finish(writer, &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_writer_abort(writer, &err), err);
    CHECK(ossmpu_cancel_after_ms(cancel, 1) == OSSMPU_EFORKED);
    ossmpu_cancel_trigger(cancel);
    CHECK(!part && !entry && !parts && !result);
}

static void run_child(void) {
    ossmpu_client *own;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    alarm(100); /* nothing here may hang */
    check_client();
    check_children();
    own = new_client();
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_put_data(own, BUCKET, "child", "x", 1, NULL, cancel,
                                 NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(own, BUCKET, "child", some_bytes(250000),
                                 250000, options, NULL, &result, &err),
                 err);
    check_object(own, "child", 250000, result);
    ossmpu_result_free(result);
    ossmpu_client_free(own);
    ossmpu_part_iter_free(listed);
    ossmpu_part_iter_free(sent);
    ossmpu_upload_iter_free(uploads);
    ossmpu_writer_free(writer);
    ossmpu_upload_free(upload);
    ossmpu_client_free(client);
    ossmpu_cancel_free(cancel);
    ossmpu_options_free(options);
    CHECK(dropped == 0);
    _exit(0);
}

static int child_pipe[2];

/* Forks a child that lives on, and ends the call or the process. */
static int fork_after_a_part(void *user, const ossmpu_progress *progress) {
    pid_t living;
    if (progress->parts_done == 0)
        return 0;
    living = fork();
    CHECK(living >= 0);
    if (living == 0) {
        alarm(100);
        for (;;)
            pause();
    }
    CHECK(write(child_pipe[1], &living, sizeof living) ==
          (ssize_t)sizeof living);
    if (user)
        kill(getpid(), SIGKILL);
    return 9;
}

static void put_and_fork(const ossmpu_client *sender, const char *folder,
                         int is_killed) {
    ossmpu_options *forking = in_parts();
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_options_set_str(forking, OSSMPU_OPTION_CHECKPOINT_DIR,
                                  folder));
    CHECK(!ossmpu_options_set_int(forking, OSSMPU_OPTION_PARALLELISM, 1));
    CHECK(!ossmpu_options_set_int(forking, OSSMPU_OPTION_BYTES_PER_SEC,
                                  200000));
    CHECK(!ossmpu_options_set_progress(forking, fork_after_a_part,
                                       is_killed ? &child_pipe : NULL));
    CHECK_STATUS(OSSMPU_ECANCELED,
                 ossmpu_put_file(sender, BUCKET, "forked", path, forking, NULL,
                                 NULL, &err),
                 err);
    ossmpu_options_free(forking);
}

/* The checkpoint belongs to the process that locked it, not to a child that
 * lives on after a failure or the death of its parent. */
static void check_checkpoint(int is_killed) {
    char folder[] = "/tmp/ossmpu-fork-XXXXXX";
    ossmpu_options *again = in_parts();
    ossmpu_error *err = NULL;
    pid_t living;
    int status = 0;
    CHECK(mkdtemp(folder) != NULL);
    if (is_killed) {
        pid_t killed = fork();
        CHECK(killed >= 0);
        if (killed == 0) {
            put_and_fork(new_client(), folder, 1);
            _exit(1);
        }
        CHECK(waitpid(killed, &status, 0) == killed);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    } else {
        put_and_fork(client, folder, 0);
    }
    CHECK(read(child_pipe[0], &living, sizeof living) ==
          (ssize_t)sizeof living);
    CHECK(!ossmpu_options_set_str(again, OSSMPU_OPTION_CHECKPOINT_DIR, folder));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "forked", path, again, NULL,
                                 NULL, &err),
                 err);
    CHECK(kill(living, SIGKILL) == 0);
    CHECK(rmdir(folder) == 0);
    ossmpu_options_free(again);
}

int main(int argc, char **argv) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(300000);
    pid_t child;
    int status = 0;
    CHECK(argc == 3);
    path = argv[1];
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_log_fn(config, 1, log_line, NULL, drop));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    ossmpu_config_free(config);
    options = in_parts();
    cancel = ossmpu_cancel_new();
    /* Workers are running when the process forks. */
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "parent", data, 300000,
                                 options, cancel, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "parent", options,
                                        cancel, &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part(upload, 1, data, 300000, cancel, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_sent_parts(upload, &sent, &err), err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_parts(client, BUCKET, "parent",
                                   ossmpu_upload_id(upload), NULL, NULL,
                                   &listed, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_presign(client, OSSMPU_PRESIGN_UPLOAD_PART, BUCKET,
                                "parent", ossmpu_upload_id(upload), 2, 60, NULL,
                                NULL, &presigned, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_uploads(client, BUCKET, NULL, NULL, NULL, NULL,
                                     &uploads, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_writer_open(client, BUCKET, "written", options, cancel,
                                    &writer, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_write(writer, data, 150000, &err),
                 err);
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run_child();
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(pipe(child_pipe) == 0);
    check_checkpoint(0);
    check_checkpoint(1);
    /* The child has not changed the parent. */
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, cancel, &result, &err),
                 err);
    check_object(client, "parent", 300000, result);
    ossmpu_result_free(result);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_writer_write(writer, data + 150000, 150000, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_finish(writer, &result, &err), err);
    check_object(client, "written", 300000, result);
    ossmpu_result_free(result);
    ossmpu_result_free(presigned);
    ossmpu_writer_free(writer);
    ossmpu_upload_iter_free(uploads);
    ossmpu_part_iter_free(listed);
    ossmpu_part_iter_free(sent);
    ossmpu_upload_free(upload);
    ossmpu_cancel_free(cancel);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    CHECK(dropped == 1);
    free(data);
    return 0;
}
