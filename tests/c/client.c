/* The client: creation, and freeing handles in any order. */
#include "check.h"

int main(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_options *options = in_parts();
    ossmpu_client *client = NULL;
    ossmpu_upload *upload = NULL;
    ossmpu_part_iter *listed = NULL;
    const ossmpu_part_info *part = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    ossmpu_cancel *cancel = ossmpu_cancel_new();
    unsigned char *data = some_bytes(200000);

    /* One builder creates any number of clients, and may be freed first. */
    CHECK(!ossmpu_config_set_env(config));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    ossmpu_client_free(client);
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    ossmpu_config_free(config);

    /* A handle keeps what it needs of those it was created from. */
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "orphan", options,
                                        cancel, &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_parts(client, BUCKET, "orphan",
                                   ossmpu_upload_id(upload), NULL, cancel,
                                   &listed, &err),
                 err);
    ossmpu_client_free(client);
    ossmpu_options_free(options);
    ossmpu_cancel_free(cancel);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part(upload, 1, data, 200000, NULL, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_part_iter_next(listed, &part, &err), err);
    CHECK(part->number == 1 && part->size == 200000);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, NULL, &result, &err),
                 err);
    ossmpu_upload_free(upload);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_PARTS) == 1);
    ossmpu_result_free(result);
    ossmpu_part_iter_free(listed);
    free(data);
    return 0;
}
