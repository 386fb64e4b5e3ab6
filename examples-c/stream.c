/*
 * stream BUCKET KEY - uploads standard input, whose length is unknown, as one
 * object:
 *   tar c folder | stream my-bucket backups/folder.tar
 * Ctrl-C cancels the upload and aborts it, also while there is no input.
 *
 * ossmpu_put_stream is the same call with a callback instead of a descriptor.
 * In writer.c the program calls the library with the data instead.
 *
 * Reads the same environment as put_file.
 */
#define _POSIX_C_SOURCE 200809L
#include "ossmpu.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>
#endif

enum { FAILED = 1, USAGE = 2, CANCELED = 130 };

/* Global, because a signal handler has no argument. */
static ossmpu_cancel *cancel;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    ossmpu_cancel_trigger(cancel);
}

static void stop_on_signals(void) {
    cancel = ossmpu_cancel_new();
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
}

/* Prints the error and what is left on OSS. */
static void complain(int status, const ossmpu_error *err) {
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "stream: %s\n", what);
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT))
        fprintf(stderr, "stream: parts may be left under upload %s\n",
                ossmpu_error_str(err, OSSMPU_ERRINFO_UPLOAD_ID));
}

int main(int argc, char **argv) {
    ossmpu_config *config = NULL;
    ossmpu_client *client = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int status;

    if (argc != 3) {
        fprintf(stderr, "usage: stream BUCKET KEY < DATA\n");
        return USAGE;
    }
    stop_on_signals();

    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    status = ossmpu_client_new(config, &client, &err);
    ossmpu_config_free(config);

    /* Length -1: to the end. Parts stay in buffers until OSS has acknowledged
     * them; OSSMPU_CONFIG_MEMORY_LIMIT bounds the buffers. */
    if (status == OSSMPU_OK)
#ifdef _WIN32
        status = ossmpu_put_handle(client, argv[1], argv[2],
                                   GetStdHandle(STD_INPUT_HANDLE), 0, -1, NULL,
                                   cancel, &result, &err);
#else
        status = ossmpu_put_fd(client, argv[1], argv[2], STDIN_FILENO, 0, -1,
                               NULL, cancel, &result, &err);
#endif
    if (status != OSSMPU_OK)
        complain(status, err);
    if (result != NULL)
        printf("%" PRId64 " bytes in %" PRId64 " parts, ETag %s\n",
               ossmpu_result_int(result, OSSMPU_RESULT_SIZE),
               ossmpu_result_int(result, OSSMPU_RESULT_PARTS),
               ossmpu_result_str(result, OSSMPU_RESULT_ETAG));

    ossmpu_error_free(err);
    ossmpu_result_free(result);
    ossmpu_client_free(client);
    signal(SIGINT, SIG_DFL); /* the token is freed below */
    signal(SIGTERM, SIG_DFL);
    ossmpu_cancel_free(cancel);
    if (status == OSSMPU_ECANCELED)
        return CANCELED;
    return status == OSSMPU_OK ? 0 : FAILED;
}
