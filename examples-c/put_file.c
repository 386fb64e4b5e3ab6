/*
 * put_file FILE BUCKET KEY - uploads a file as one object, in parts if it is
 * large, and shows the progress. Ctrl-C cancels the upload and aborts it.
 *
 * Reads OSS_REGION or OSS_ENDPOINT, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET
 * and, for temporary credentials, OSS_SESSION_TOKEN.
 */
#define _POSIX_C_SOURCE 200809L
#include "ossmpu.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 1, USAGE = 2, CANCELED = 130 };

/* Global, because a signal handler has no argument. */
static ossmpu_cancel *cancel;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    ossmpu_cancel_trigger(cancel);
}

static int show_progress(void *user, const ossmpu_progress *now) {
    char bar[31];
    int64_t total = now->bytes_total > 0 ? now->bytes_total : 1;
    int64_t done = now->bytes_total > 0 ? now->bytes_done : 1;
    size_t filled = (size_t)((double)done / (double)total * 30);
    (void)user;
    memset(bar, '.', 30);
    memset(bar, '#', filled < 30 ? filled : 30);
    bar[30] = '\0';
    fprintf(stderr, "\r[%s] %3d%%  %" PRId32 "/%" PRId32 " parts ", bar,
            (int)(100.0 * (double)done / (double)total), now->parts_done,
            now->parts_total);
    return 0;
}

static void print_result(const ossmpu_result *result) {
    uint64_t crc64;
    printf("ETag  %s\n", ossmpu_result_str(result, OSSMPU_RESULT_ETAG));
    if (ossmpu_result_u64(result, OSSMPU_RESULT_CRC64, &crc64) == OSSMPU_OK)
        printf("CRC64 %" PRIu64 "\n", crc64);
    printf("size  %" PRId64 "\n",
           ossmpu_result_int(result, OSSMPU_RESULT_SIZE));
    printf("parts %" PRId64 "\n",
           ossmpu_result_int(result, OSSMPU_RESULT_PARTS));
}

/* Prints the error and what is left on OSS. */
static void print_error(int status, const ossmpu_error *err) {
    const char *id = ossmpu_error_str(err, OSSMPU_ERRINFO_UPLOAD_ID);
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "put_file: %s\n", what);
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT))
        fprintf(stderr, "put_file: parts may be left under upload %s\n", id);
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_UPLOAD_MAY_EXIST))
        fprintf(stderr, "put_file: an upload without parts may be left\n");
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_OBJECT_EXISTS) > 0)
        fprintf(stderr, "put_file: the object exists nevertheless\n");
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_OBJECT_EXISTS) < 0)
        fprintf(stderr, "put_file: the object may exist\n");
}

int main(int argc, char **argv) {
    ossmpu_config *config = NULL;
    ossmpu_client *client = NULL;
    ossmpu_options *options = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int status;

    if (argc != 4) {
        fprintf(stderr, "usage: put_file FILE BUCKET KEY\n");
        return USAGE;
    }

    cancel = ossmpu_cancel_new();
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);

    /* Setters need no check: the call below returns their first error. */
    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    options = ossmpu_options_new();
    if (isatty(STDERR_FILENO))
        ossmpu_options_set_progress(options, show_progress, NULL);

    status = ossmpu_client_new(config, &client, &err);
    if (status == OSSMPU_OK)
        status = ossmpu_put_file(client, argv[2], argv[3], argv[1], options,
                                 cancel, &result, &err);
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    if (result != NULL)
        print_result(result);
    if (status != OSSMPU_OK)
        print_error(status, err);

    ossmpu_error_free(err);
    ossmpu_result_free(result);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    ossmpu_config_free(config);
    signal(SIGINT, SIG_DFL); /* the token is freed below */
    signal(SIGTERM, SIG_DFL);
    ossmpu_cancel_free(cancel);
    if (status == OSSMPU_ECANCELED)
        return CANCELED;
    return status == OSSMPU_OK ? 0 : FAILED;
}
