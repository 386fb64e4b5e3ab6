/*
 * writer BUCKET KEY ROWS - uploads data while the program generates it: a table
 * of ROWS rows, written line by line. The program needs neither a file nor part
 * buffers. Ctrl-C aborts the upload.
 *
 * Reads the same environment as put_file.
 */
#define _POSIX_C_SOURCE 200809L
#include "ossmpu.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAILED = 1, USAGE = 2, CANCELED = 130 };

/* Global, because a signal handler has no argument. The flag ends the loop, and
 * the token cancels a write or finish that blocks. */
static volatile sig_atomic_t interrupted;
static ossmpu_cancel *cancel;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
    ossmpu_cancel_trigger(cancel);
}

static void stop_on_signals(void) {
    cancel = ossmpu_cancel_new();
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
}

/* Prints the error and what is left on OSS; frees the error. */
static int complain(int status, ossmpu_error *err) {
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "writer: %s\n", what);
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT))
        fprintf(stderr, "writer: parts may be left under upload %s\n",
                ossmpu_error_str(err, OSSMPU_ERRINFO_UPLOAD_ID));
    ossmpu_error_free(err);
    return status;
}

/* Small writes are cheap: the library collects them into parts. */
static int write_rows(ossmpu_writer *writer, int64_t rows, ossmpu_error **err) {
    int status = OSSMPU_OK;
    int64_t row;
    for (row = 1; row <= rows && status == OSSMPU_OK && !interrupted; row++) {
        char line[80];
        int length = snprintf(line, sizeof line, "%" PRId64 ",%" PRId64 "\n",
                              row, row * row % 1000003);
        status = ossmpu_writer_write(writer, line, (size_t)length, err);
    }
    return status;
}

static int upload(const ossmpu_client *client, const char *bucket,
                  const char *key, int64_t rows) {
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_writer *writer = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int status;

    ossmpu_options_set_str(options, OSSMPU_OPTION_CONTENT_TYPE, "text/csv");
    status = ossmpu_writer_open(client, bucket, key, options, cancel, &writer,
                                &err);
    ossmpu_options_free(options);
    if (status == OSSMPU_OK)
        status = write_rows(writer, rows, &err);
    if (status == OSSMPU_OK && interrupted) {
        /* Freeing alone would leave the parts on OSS. After a failure there is
         * nothing to abort: the writer has done that. */
        status = ossmpu_writer_abort(writer, &err);
        if (status == OSSMPU_OK)
            status = OSSMPU_ECANCELED;
    } else if (status == OSSMPU_OK) {
        status = ossmpu_writer_finish(writer, &result, &err);
    }
    ossmpu_writer_free(writer);
    if (result != NULL)
        printf("%" PRId64 " bytes in %" PRId64 " parts, ETag %s\n",
               ossmpu_result_int(result, OSSMPU_RESULT_SIZE),
               ossmpu_result_int(result, OSSMPU_RESULT_PARTS),
               ossmpu_result_str(result, OSSMPU_RESULT_ETAG));
    ossmpu_result_free(result);
    return status == OSSMPU_OK ? status : complain(status, err);
}

int main(int argc, char **argv) {
    ossmpu_config *config;
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    char *end = NULL;
    int64_t rows = argc == 4 ? strtoll(argv[3], &end, 10) : -1;
    int status;

    if (rows < 0 || end == argv[3] || *end != '\0') {
        fprintf(stderr, "usage: writer BUCKET KEY ROWS\n");
        return USAGE;
    }
    stop_on_signals();

    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    status = ossmpu_client_new(config, &client, &err);
    ossmpu_config_free(config);
    if (status != OSSMPU_OK)
        complain(status, err);
    else
        status = upload(client, argv[1], argv[2], rows);

    ossmpu_client_free(client);
    signal(SIGINT, SIG_DFL); /* the token is freed below */
    signal(SIGTERM, SIG_DFL);
    ossmpu_cancel_free(cancel);
    if (status == OSSMPU_ECANCELED)
        return CANCELED;
    return status == OSSMPU_OK ? 0 : FAILED;
}
