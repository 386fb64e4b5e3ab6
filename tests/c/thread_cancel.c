/* pthread_cancel of a thread that is in a call: the call runs to its end, and
 * the thread ends at its next cancellation point after it. */
#define _POSIX_C_SOURCE 200809L
#include "hooks.h"

#include <semaphore.h>

struct canceled {
    struct hooks hooks;
    ossmpu_client *client;
    int type;
    int result;
};

static sem_t in_call, go_on;

/* sem_wait is a cancellation point, but not in a callback. */
static void wait_in_call(struct hooks *hooks) {
    (void)hooks;
    CHECK(!sem_post(&in_call));
    CHECK(!sem_wait(&go_on));
    pthread_testcancel();
}

/* What a callback changes is undone when it returns. */
static void enable_and_wait(struct hooks *hooks) {
    CHECK(!pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
    wait_in_call(hooks);
    CHECK(!pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
}

static void *upload(void *user) {
    struct canceled *canceled = (struct canceled *)user;
    CHECK(!pthread_setcanceltype(canceled->type, NULL));
    canceled->result = hooked_upload(&canceled->hooks, "canceled", NULL);
    pthread_testcancel();
    CHECK(0);
    return NULL;
}

static void *write_and_free(void *user) {
    struct canceled *canceled = (struct canceled *)user;
    ossmpu_options *options = in_parts();
    ossmpu_writer *writer = NULL;
    unsigned char *bytes = some_bytes(HOOKED_SIZE);
    int old;
    /* Only the calls of the library are canceled here. */
    CHECK(!pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old));
    CHECK(!pthread_setcanceltype(canceled->type, NULL));
    canceled->hooks.caller = pthread_self();
    ossmpu_options_set_progress(options, hook_progress, &canceled->hooks);
    canceled->result = ossmpu_writer_open(canceled->client, BUCKET, "canceled",
                                          options, NULL, &writer, NULL);
    if (!canceled->result)
        canceled->result =
            ossmpu_writer_write(writer, bytes, HOOKED_SIZE, NULL);
    if (!canceled->result)
        canceled->result = ossmpu_writer_finish(writer, NULL, NULL);
    ossmpu_writer_free(writer);
    ossmpu_client_free(canceled->client);
    canceled->client = NULL;
    ossmpu_options_free(options);
    free(bytes);
    pthread_testcancel();
    CHECK(0);
    return NULL;
}

static void check(void *(*run)(void *), enum place place, int type,
                  void (*hook)(struct hooks *)) {
    struct canceled canceled;
    pthread_t thread;
    void *ended = NULL;
    canceled.client = hooked_client(&canceled.hooks);
    canceled.hooks.place = place;
    canceled.hooks.run = hook;
    canceled.type = type;
    canceled.result = -1;
    CHECK(!pthread_create(&thread, NULL, run, &canceled));
    CHECK(!sem_wait(&in_call));
    CHECK(!pthread_cancel(thread));
    CHECK(!sem_post(&go_on));
    CHECK(!pthread_join(thread, &ended));
    CHECK(ended == PTHREAD_CANCELED && canceled.result == OSSMPU_OK);
    if (canceled.client != NULL) {
        canceled.hooks.run = NULL;
        check_hooked_upload(&canceled.hooks, "after");
        ossmpu_client_free(canceled.client);
    }
}

static void cancel_this_thread(struct hooks *hooks) {
    (void)hooks;
    CHECK(!pthread_cancel(pthread_self()));
    pthread_testcancel();
}

/* A thread of the library is not canceled, in a callback or after it. */
static void check_worker(void) {
    struct hooks hooks;
    ossmpu_client *client = hooked_client(&hooks);
    hooks.place = IN_CREDENTIALS;
    hooks.on_worker = 1;
    hooks.run = cancel_this_thread;
    CHECK(hooked_upload(&hooks, "worker", NULL) == OSSMPU_OK && hooks.done);
    check_hooked_upload(&hooks, "after");
    ossmpu_client_free(client);
}

int main(void) {
    const int types[] = {PTHREAD_CANCEL_DEFERRED, PTHREAD_CANCEL_ASYNCHRONOUS};
    int place, type;
    CHECK(!sem_init(&in_call, 0, 0));
    CHECK(!sem_init(&go_on, 0, 0));
    check_worker();
    for (type = 0; type < 2; type++) {
        for (place = 0; place < PLACES; place++)
            check(upload, (enum place)place, types[type], wait_in_call);
        check(upload, IN_PROGRESS, types[type], enable_and_wait);
        check(write_and_free, IN_LOG, types[type], wait_in_call);
        check(write_and_free, IN_CREDENTIALS, types[type], wait_in_call);
    }
    return 0;
}
