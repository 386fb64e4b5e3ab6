/*
 * own_threads FILE BUCKET KEY THREADS - sends a file of any size from threads
 * of the program, which take the parts from one queue. For programs that have
 * threads, or that decide when a part is sent; put_file does the same with the
 * threads of the library. Ctrl-C or a failed part aborts the upload.
 *
 * Reads the same environment as put_file.
 */
#define _POSIX_C_SOURCE 200809L
#include "ossmpu.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PART_SIZE (1 << 20)
#define MOST_PARTS 10000 /* limit of OSS */
#define MOST_THREADS 64

enum { FAILED = 1, USAGE = 2, CANCELED = 130 };

/* Shared by the threads. Any number of threads can use the upload and the token
 * at once; the lock protects the rest. */
typedef struct {
    const ossmpu_upload *upload;
    const char *path;
    int64_t size, part_size;
    int32_t parts;
    pthread_mutex_t lock;
    int32_t next; /* next part to send */
    int status;   /* first failure */
} Queue;

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

static int complain(int status, ossmpu_error *err) {
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "own_threads: %s\n", what);
    ossmpu_error_free(err);
    return status;
}

/* Takes the next part; 0 if there is none or a part has failed. */
static int32_t take(Queue *queue) {
    int32_t number = 0;
    pthread_mutex_lock(&queue->lock);
    if (queue->status == OSSMPU_OK && queue->next <= queue->parts)
        number = queue->next++;
    pthread_mutex_unlock(&queue->lock);
    return number;
}

/* Reports the first failure; others may be consequences of it. */
static void give_up(Queue *queue, int status, ossmpu_error *err) {
    pthread_mutex_lock(&queue->lock);
    if (queue->status == OSSMPU_OK)
        queue->status = complain(status, err);
    else
        ossmpu_error_free(err);
    pthread_mutex_unlock(&queue->lock);
    ossmpu_cancel_trigger(cancel); /* cancels the other parts */
}

static void *work(void *user) {
    Queue *queue = user;
    int32_t number;
    while ((number = take(queue)) != 0) {
        int64_t offset = queue->part_size * (number - 1);
        int64_t length = number < queue->parts ? queue->part_size
                                               : queue->size - offset;
        ossmpu_error *err = NULL;
        int status = ossmpu_upload_part_file(queue->upload, number, queue->path,
                                             offset, length, cancel, &err);
        if (status != OSSMPU_OK)
            give_up(queue, status, err);
    }
    return NULL;
}

/* Sends all parts; returns the first failure. */
static int send_parts(Queue *queue, int threads) {
    pthread_t thread[MOST_THREADS];
    int started, i;
    for (started = 0; started < threads; started++)
        if (pthread_create(&thread[started], NULL, work, queue) != 0)
            break;
    if (started == 0) /* one thread is enough */
        work(queue);
    for (i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&queue->lock);
    return queue->status;
}

static int upload_file(const ossmpu_client *client, const char *path,
                       int64_t size, const char *bucket, const char *key,
                       int threads) {
    Queue queue = {NULL, NULL, 0, 0, 0, PTHREAD_MUTEX_INITIALIZER, 1, 0};
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int status = ossmpu_upload_initiate(client, bucket, key, NULL, cancel,
                                        &upload, &err);
    if (status != OSSMPU_OK)
        return complain(status, err);
    queue.upload = upload;
    queue.path = path;
    queue.size = size;
    queue.part_size = size / MOST_PARTS + 1;
    if (queue.part_size < PART_SIZE)
        queue.part_size = PART_SIZE;
    /* An empty object has one part, which is empty. */
    queue.parts = (int32_t)((size + queue.part_size - 1) / queue.part_size);
    queue.parts = queue.parts > 0 ? queue.parts : 1;
    status = send_parts(&queue, threads);
    if (status == OSSMPU_OK) {
        status = ossmpu_upload_complete(upload, NULL, cancel, &result, &err);
        if (status != OSSMPU_OK)
            complain(status, err);
    }
    if (result != NULL)
        printf("%" PRId64 " bytes in %" PRId64 " parts, ETag %s\n",
               ossmpu_result_int(result, OSSMPU_RESULT_SIZE),
               ossmpu_result_int(result, OSSMPU_RESULT_PARTS),
               ossmpu_result_str(result, OSSMPU_RESULT_ETAG));
    ossmpu_result_free(result);

    /* Parts are billed until the upload is completed or aborted. */
    if (status < 0 && ossmpu_upload_abort(upload, &err) < 0)
        complain(status, err);
    ossmpu_upload_free(upload);
    return status;
}

int main(int argc, char **argv) {
    ossmpu_config *config;
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    struct stat file;
    int threads = argc == 5 ? atoi(argv[4]) : 0;
    int status;

    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: own_threads FILE BUCKET KEY THREADS\n"
                        "with 1 to %d threads\n", MOST_THREADS);
        return USAGE;
    }
    if (stat(argv[1], &file) != 0) {
        perror(argv[1]);
        return FAILED;
    }
    stop_on_signals();

    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    status = ossmpu_client_new(config, &client, &err);
    ossmpu_config_free(config);
    if (status != OSSMPU_OK)
        complain(status, err);
    else
        status = upload_file(client, argv[1], file.st_size, argv[2], argv[3],
                             threads);
    ossmpu_client_free(client);
    signal(SIGINT, SIG_DFL); /* the token is freed below */
    signal(SIGTERM, SIG_DFL);
    ossmpu_cancel_free(cancel);
    if (status == OSSMPU_ECANCELED)
        return CANCELED;
    return status == OSSMPU_OK ? 0 : FAILED;
}
