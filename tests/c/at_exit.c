/* Clients are used and freed in destructors of thread-specific data, in atexit
 * handlers and in destructor functions, by threads that have used them before
 * and by threads that have not. */
#define _POSIX_C_SOURCE 200809L
#include "every_use.h"

#include <pthread.h>
#include <unistd.h>

static ossmpu_client *shared;
static ossmpu_writer *open_one;
static pthread_key_t key;
static int ended;

/* Uses a client that other threads use, and one that is made here. */
static void end_at(const char *place) {
    char own[64];
    ossmpu_client *client = new_client();
    use_every_way(shared, place);
    snprintf(own, sizeof own, "%s-own", place);
    use_every_way(client, own);
    ossmpu_client_free(client);
    ended++;
}

static void end_of_thread(void *place) { end_at(place); }

static void *run_thread(void *place) {
    CHECK(!pthread_setspecific(key, place));
    if (strcmp(place, "thread-used") == 0)
        use_every_way(shared, "before");
    return NULL;
}

static void join(const char *place) {
    pthread_t thread;
    CHECK(!pthread_create(&thread, NULL, run_thread, (void *)place));
    CHECK(!pthread_join(thread, NULL));
}

static void at_exit(void) { end_at("atexit"); }

/* The last to run. It decides the exit status, so that it cannot be left out.
 */
__attribute__((destructor)) static void at_destructor(void) {
    end_at("destructor");
    finish_writer(shared, open_one, "left-open");
    ossmpu_client_free(shared);
    _exit(ended == 4 ? 0 : 1);
}

int main(void) {
    unsigned char *bytes = some_bytes(USE_SIZE);
    shared = new_client();
    CHECK(!pthread_key_create(&key, end_of_thread));
    CHECK(!atexit(at_exit));
    open_one = open_writer(shared, "left-open", bytes);
    free(bytes);
    join("thread-unused");
    join("thread-used");
    return 1;
}
