/*
 * resume FILE BUCKET KEY DIRECTORY - uploads a file so that it can be killed
 * and run again, even after a power cut: the second run sends only what is
 * missing. The checkpoint is stored in DIRECTORY, which must exist.
 *
 * Reads the same environment as put_file.
 */
#include "ossmpu.h"

#include <inttypes.h>
#include <stdio.h>

/* There is no signal handler: an upload that will be resumed is not aborted,
 * so Ctrl-C may kill the program. */

/* Prints the error and how to resume or abort the upload. */
static void complain(int status, const ossmpu_error *err) {
    const char *id = ossmpu_error_str(err, OSSMPU_ERRINFO_UPLOAD_ID);
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "resume: %s\n", what);
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT))
        fprintf(stderr,
                "resume: run the same command again to resume upload %s; until "
                "that is completed or aborted (see list_and_abort), its parts "
                "are billed\n",
                id);
}

int main(int argc, char **argv) {
    ossmpu_config *config;
    ossmpu_client *client = NULL;
    ossmpu_options *options;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int status;

    if (argc != 5) {
        fprintf(stderr, "usage: resume FILE BUCKET KEY DIRECTORY\n");
        return 2;
    }
    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    status = ossmpu_client_new(config, &client, &err);
    ossmpu_config_free(config);

    /* After a crash only the parts in flight are sent again. */
    options = ossmpu_options_new();
    ossmpu_options_set_int(options, OSSMPU_OPTION_PART_SIZE, 1 << 20);
    ossmpu_options_set_str(options, OSSMPU_OPTION_CHECKPOINT_DIR, argv[4]);
    if (status == OSSMPU_OK)
        status = ossmpu_put_file(client, argv[2], argv[3], argv[1], options,
                                 NULL, &result, &err);
    ossmpu_options_free(options);
    if (status != OSSMPU_OK)
        complain(status, err);
    if (result != NULL)
        printf("%" PRId64 " bytes, %" PRId64 " of them resumed\n",
               ossmpu_result_int(result, OSSMPU_RESULT_SIZE),
               ossmpu_result_int(result, OSSMPU_RESULT_BYTES_RESUMED));

    ossmpu_error_free(err);
    ossmpu_result_free(result);
    ossmpu_client_free(client);
    return status == OSSMPU_OK ? 0 : 1;
}
