/* A forked child: inherited handles say so and go away, new ones work. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static ossmpu_client *client;
static ossmpu_options *options;
static ossmpu_upload *upload;
static ossmpu_cancel *cancel;
static ossmpu_part_iter *listed;
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

static void run_child(void) {
    ossmpu_client *own;
    ossmpu_upload *other = NULL;
    ossmpu_part_iter *iter = NULL;
    const ossmpu_part_info *part = NULL;
    ossmpu_object *object = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    alarm(20); /* nothing here may hang */
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
                 ossmpu_upload_part(upload, 2, "x", 1, NULL, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED,
                 ossmpu_upload_complete(upload, NULL, NULL, &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_upload_abort(upload, &err), err);
    CHECK_STATUS(OSSMPU_EFORKED, ossmpu_part_iter_next(listed, &part, &err),
                 err);
    CHECK(ossmpu_cancel_after_ms(cancel, 1) == OSSMPU_EFORKED);
    ossmpu_cancel_trigger(cancel);
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
    ossmpu_part_iter_free(iter);
    ossmpu_part_iter_free(listed);
    ossmpu_upload_free(upload);
    ossmpu_client_free(client);
    ossmpu_cancel_free(cancel);
    ossmpu_options_free(options);
    CHECK(dropped == 0);
    _exit(0);
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
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_parts(client, BUCKET, "parent",
                                   ossmpu_upload_id(upload), NULL, NULL,
                                   &listed, &err),
                 err);
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run_child();
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    /* The child has done nothing to the parent. */
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, cancel, &result, &err),
                 err);
    check_object(client, "parent", 300000, result);
    ossmpu_result_free(result);
    ossmpu_part_iter_free(listed);
    ossmpu_upload_free(upload);
    ossmpu_cancel_free(cancel);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    CHECK(dropped == 1);
    free(data);
    return 0;
}
