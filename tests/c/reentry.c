/* A callback that uses the handle of its own call gets OSSMPU_ESTATE, and the
 * outer call continues; also one that uses its own client, where the call would
 * wait for itself. */
#define _POSIX_C_SOURCE 200809L
#include "hooks.h"

#define PART 102400
#define PARTS 20

struct inner {
    ossmpu_writer *writer;
    int calls;
    int write_status;
    int finish_status;
};

static int write_in_progress(void *user, const ossmpu_progress *progress) {
    struct inner *inner = user;
    ossmpu_error *err = NULL;
    (void)progress;
    if (inner->writer == NULL)
        return 0;
    inner->write_status = ossmpu_writer_write(inner->writer, "x", 1, &err);
    CHECK(ossmpu_error_code(err) == inner->write_status);
    ossmpu_error_free(err);
    inner->finish_status = ossmpu_writer_finish(inner->writer, NULL, NULL);
    inner->calls++;
    return 0;
}

static void check_writer(const ossmpu_client *client) {
    struct inner inner = {NULL, 0, 0, 0};
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(PART);
    int part;
    CHECK(!ossmpu_options_set_progress(options, write_in_progress, &inner));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_writer_open(client, BUCKET, "reentry", options, NULL,
                                    &inner.writer, &err),
                 err);
    for (part = 0; part < PARTS; part++)
        CHECK_STATUS(OSSMPU_OK,
                     ossmpu_writer_write(inner.writer, data, PART, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_finish(inner.writer, &result, &err),
                 err);
    CHECK(inner.calls > 0);
    CHECK(inner.write_status == OSSMPU_ESTATE);
    CHECK(inner.finish_status == OSSMPU_ESTATE);
    check_object(client, "reentry", (int64_t)PARTS * PART, result);
    ossmpu_result_free(result);
    ossmpu_writer_free(inner.writer);
    ossmpu_options_free(options);
    free(data);
}

static ossmpu_config *reentered;
static int drops;
static int status_in_drop;

static void drop(void *user) {
    (void)user;
    drops++;
    if (reentered != NULL)
        status_in_drop = ossmpu_config_set_int(
            reentered, OSSMPU_CONFIG_MAX_ATTEMPTS, 1);
}

static void log_line(void *user, int level, const char *line) {
    (void)user;
    (void)level;
    (void)line;
}

static void check_config(void) {
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    reentered = ossmpu_config_new();
    CHECK(!ossmpu_config_set_env(reentered));
    CHECK(!ossmpu_config_set_log_fn(reentered, OSSMPU_LOG_ERROR, log_line, NULL,
                                    drop));
    CHECK(drops == 0);
    /* Replaces the callback, whose drop runs inside the setter. */
    CHECK(!ossmpu_config_set_log_fn(reentered, OSSMPU_LOG_ERROR, log_line, NULL,
                                    NULL));
    CHECK(drops == 1);
    CHECK(status_in_drop == OSSMPU_ESTATE);
    /* The refused call has left no trace. */
    CHECK(!ossmpu_config_set_int(reentered, OSSMPU_CONFIG_MAX_ATTEMPTS, 2));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(reentered, &client, &err), err);
    ossmpu_client_free(client);
    ossmpu_config_free(reentered);
    reentered = NULL;
}

static ossmpu_upload *attached;
static ossmpu_writer *opened;

static void use_client(struct hooks *hooks) {
    const ossmpu_client *client = hooks->client;
    const ossmpu_part_info *part = NULL;
    ossmpu_part_iter *parts = NULL;
    ossmpu_upload *upload = NULL;
    ossmpu_writer *writer = NULL;
    ossmpu_object *object = NULL;
    ossmpu_result *result = NULL;
    ossmpu_options *options = in_parts();
    ossmpu_error *err = NULL;
    unsigned char *bytes = some_bytes(HOOKED_SIZE);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_put_data(client, BUCKET, "inner", "x", 1, NULL, NULL,
                                 NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_put_data(client, BUCKET, "inner", bytes, HOOKED_SIZE,
                                 options, NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_head_object(client, BUCKET, "inner", NULL, NULL, NULL,
                                    &object, &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_writer_open(client, BUCKET, "inner", NULL, NULL,
                                    &writer, &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_upload_initiate(client, BUCKET, "inner", NULL, NULL,
                                        &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_presign(client, OSSMPU_PRESIGN_PUT_OBJECT, BUCKET,
                                "inner", NULL, 0, 60, NULL, NULL, &result,
                                &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_parts(client, BUCKET, "inner", "ID", NULL, NULL,
                                   &parts, &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_part_iter_next(parts, &part, &err), err);
    ossmpu_part_iter_free(parts);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_upload_part(attached, 1, bytes, HOOKED_SIZE, NULL,
                                    &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_upload_abort(attached, &err), err);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_writer_write(opened, "x", 1, &err), err);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_writer_abort(opened, &err), err);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_writer_finish(opened, NULL, &err), err);
    ossmpu_options_free(options);
    free(bytes);
}

static void use_other_client(struct hooks *hooks) {
    ossmpu_client *other = new_client();
    (void)hooks;
    CHECK(!ossmpu_put_data(other, BUCKET, "inner", "x", 1, NULL, NULL, NULL,
                           NULL));
    ossmpu_client_free(other);
}

/* The call that is running keeps what it needs. */
static void free_client(struct hooks *hooks) {
    ossmpu_client_free((ossmpu_client *)hooks->client);
}

static void check_client(enum place place, int on_worker,
                         void (*run)(struct hooks *)) {
    struct hooks hooks;
    ossmpu_client *client = hooked_client(&hooks);
    CHECK(!ossmpu_upload_attach(client, BUCKET, "inner", "ID", 0, NULL, NULL,
                                &attached, NULL));
    CHECK(!ossmpu_writer_open(client, BUCKET, "opened", NULL, NULL, &opened,
                              NULL));
    CHECK(!ossmpu_writer_write(opened, "abc", 3, NULL));
    hooks.place = place;
    hooks.on_worker = on_worker;
    hooks.run = run;
    CHECK(hooked_upload(&hooks, "outer", NULL) == OSSMPU_OK);
    CHECK(hooks.done);
    hooks.run = NULL;
    ossmpu_upload_free(attached);
    /* The refused calls have left no trace. */
    CHECK(!ossmpu_writer_finish(opened, NULL, NULL));
    ossmpu_writer_free(opened);
    if (run != free_client) {
        check_hooked_upload(&hooks, "outer");
        ossmpu_client_free(client);
    }
}

static void check_clients(void) {
    int place;
    check_client(IN_CREDENTIALS, 0, use_client);
    check_client(IN_CREDENTIALS, 1, use_client);
    check_client(IN_LOG, 0, use_client);
    check_client(IN_CREDENTIALS, 1, free_client);
    for (place = 0; place < PLACES; place++) {
        check_client((enum place)place, 0, use_other_client);
        check_client((enum place)place, 0, free_client);
    }
}

int main(void) {
    ossmpu_client *client = new_client();
    check_clients();
    check_writer(client);
    check_config();
    ossmpu_client_free(client);
    return 0;
}
