/* Uploads a few parts to the server of the environment and checks the object.
 * Uses only the first version of the header. */
#ifndef UPLOAD_H
#define UPLOAD_H

#include <ossmpu.h>

#include <stdio.h>
#include <stdlib.h>

#define BUCKET "ossmpu-test"
#define SIZE 300000

static int count_calls(void *user, const ossmpu_progress *progress) {
    if (progress->struct_size >= sizeof *progress &&
        progress->bytes_done == SIZE && progress->parts_total == 3)
        *(int *)user += 1;
    return 0;
}

static int is_there(const ossmpu_client *client, const char *key,
                    const ossmpu_result *result) {
    ossmpu_object *object = NULL;
    uint64_t there = 1, sent = 2;
    int64_t size = 0;
    if (ossmpu_head_object(client, BUCKET, key, NULL, NULL, NULL, &object,
                           NULL) == OSSMPU_OK) {
        size = ossmpu_object_int(object, OSSMPU_OBJECT_SIZE);
        ossmpu_object_u64(object, OSSMPU_OBJECT_CRC64, &there);
        ossmpu_result_u64(result, OSSMPU_RESULT_CRC64, &sent);
    }
    ossmpu_object_free(object);
    return size == SIZE && there == sent;
}

/* Returns 0 on success; else prints the error. */
static int upload(const char *key) {
    static char data[SIZE];
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_client *client = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int status, calls = 0, well = 0;
    ossmpu_config_set_env(config);
    ossmpu_options_set_int(options, OSSMPU_OPTION_PART_SIZE, 102400);
    ossmpu_options_set_int(options, OSSMPU_OPTION_SINGLE_BELOW, 0);
    ossmpu_options_set_progress(options, count_calls, &calls);
    status = ossmpu_client_new(config, &client, &err);
    if (status == OSSMPU_OK)
        status = ossmpu_put_data(client, BUCKET, key, data, SIZE, options, NULL,
                                 &result, &err);
    if (status == OSSMPU_OK)
        well = calls > 0 && is_there(client, key, result);
    if (!well)
        fprintf(stderr, "%s: status %d, %d calls: %s\n", key, status, calls,
                ossmpu_error_message(err));
    ossmpu_error_free(err);
    ossmpu_result_free(result);
    ossmpu_client_free(client);
    ossmpu_options_free(options);
    ossmpu_config_free(config);
    return !well;
}

#endif /* UPLOAD_H */
