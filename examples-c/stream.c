/*
 * stream BUCKET KEY - uploads standard input, whose length nobody knows
 * beforehand, as one object:
 *   tar c folder | stream my-bucket backups/folder.tar
 * Ctrl-C stops it and leaves nothing behind, also while no input comes.
 *
 * For what a function of your own gives there is ossmpu_put_stream: the same
 * with a callback in the place of the descriptor. writer.c is the other way
 * round: there the program calls the library with each piece.
 *
 * Reads the same environment as put_file.
 */
#define _POSIX_C_SOURCE 200809L
#include "ossmpu.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 1, USAGE = 2, CANCELED = 130 };

/* A signal handler gets no argument, so what it needs is global. */
static ossmpu_cancel *cancel;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    ossmpu_cancel_trigger(cancel);
}

static void stop_on_signals(void) {
    struct sigaction action;
    cancel = ossmpu_cancel_new();
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* Says what went wrong, and what is left on OSS. */
static void complain(int status, const ossmpu_error *err) {
    const char *what = err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "stream: %s\n", what);
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT))
        fprintf(stderr, "stream: parts are left under upload %s\n",
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

    /* Length -1: to the end, whatever standard input is. What is read waits in
     * buffers until OSS has it; OSSMPU_CONFIG_MEMORY_LIMIT bounds them. */
    if (status == OSSMPU_OK)
        status = ossmpu_put_fd(client, argv[1], argv[2], STDIN_FILENO, 0, -1,
                               NULL, cancel, &result, &err);
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
    signal(SIGINT, SIG_DFL); /* nobody may trigger what is freed now */
    signal(SIGTERM, SIG_DFL);
    ossmpu_cancel_free(cancel);
    if (status == OSSMPU_ECANCELED)
        return CANCELED;
    return status == OSSMPU_OK ? 0 : FAILED;
}
