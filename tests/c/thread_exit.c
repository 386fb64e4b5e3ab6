/* Callbacks that end their thread with pthread_exit, and callbacks that never
 * return: the process and the client continue, and the client can be freed. */
#define _POSIX_C_SOURCE 200809L
#include "hooks.h"

#include <semaphore.h>
#include <unistd.h>

#define PART 102400

static sem_t in_callback;

static void exit_thread(struct hooks *hooks) {
    (void)hooks;
    CHECK(!sem_post(&in_callback));
    pthread_exit(NULL);
}

static void never_return(struct hooks *hooks) {
    (void)hooks;
    CHECK(!sem_post(&in_callback));
    for (;;)
        pause();
}

static void *upload(void *hooks) {
    hooked_upload((struct hooks *)hooks, "never", NULL);
    CHECK(0);
    return NULL;
}

/* Runs the hook on a thread of its own, which never returns from its call, and
 * uses the client meanwhile. */
static void check_caller(enum place place, void (*run)(struct hooks *)) {
    struct hooks *hooks = malloc(sizeof *hooks);
    ossmpu_client *client = hooked_client(hooks);
    pthread_t thread;
    hooks->place = place;
    hooks->run = run;
    CHECK(!pthread_create(&thread, NULL, upload, hooks));
    CHECK(!pthread_detach(thread));
    CHECK(!sem_wait(&in_callback));
    if (place != IN_CREDENTIALS || run == exit_thread) {
        unsigned char *bytes = some_bytes(HOOKED_SIZE);
        ossmpu_options *options = in_parts();
        CHECK(!ossmpu_put_data(client, BUCKET, "other", bytes, HOOKED_SIZE,
                               options, NULL, NULL, NULL));
        abort_all(client);
        ossmpu_options_free(options);
        free(bytes);
    } else {
        ossmpu_cancel *cancel = ossmpu_cancel_new();
        ossmpu_cancel_after_ms(cancel, 50);
        CHECK(ossmpu_put_data(client, BUCKET, "other", "x", 1, NULL, cancel,
                              NULL, NULL) == OSSMPU_ECANCELED);
        ossmpu_cancel_free(cancel);
    }
    ossmpu_client_free(client);
}

/* The hook runs on a worker, while the parts of a writer are sent. */
static void check_worker(void (*run)(struct hooks *)) {
    struct hooks *hooks = malloc(sizeof *hooks);
    ossmpu_client *client = hooked_client(hooks), *other = new_client();
    unsigned char *bytes = some_bytes(HOOKED_SIZE);
    ossmpu_options *options = in_parts();
    ossmpu_writer *writer = NULL;
    int status;
    hooks->place = IN_CREDENTIALS;
    hooks->on_worker = 1;
    hooks->caller = pthread_self();
    hooks->run = run;
    CHECK(!ossmpu_writer_open(client, BUCKET, "never", options, NULL, &writer,
                              NULL));
    status = ossmpu_writer_write(writer, bytes, PART + 1, NULL);
    if (status == OSSMPU_OK) {
        wait_for_expiry(hooks);
        status = ossmpu_writer_write(writer, bytes, PART, NULL);
    }
    CHECK(!sem_wait(&in_callback));
    if (run == never_return) {
        CHECK(status == OSSMPU_OK);
    } else {
        /* The worker may end before the write. */
        if (status == OSSMPU_OK)
            status = ossmpu_writer_finish(writer, NULL, NULL);
        CHECK(status == OSSMPU_ECALLBACK);
        CHECK(!ossmpu_put_data(client, BUCKET, "other", bytes, HOOKED_SIZE,
                               options, NULL, NULL, NULL));
    }
    ossmpu_writer_free(writer);
    ossmpu_client_free(client);
    abort_all(other);
    ossmpu_client_free(other);
    ossmpu_options_free(options);
    free(bytes);
}

int main(void) {
    int place;
    CHECK(!sem_init(&in_callback, 0, 0));
    for (place = 0; place < PLACES; place++) {
        check_caller((enum place)place, exit_thread);
        check_caller((enum place)place, never_return);
    }
    check_worker(exit_thread);
    check_worker(never_return);
    return 0;
}
