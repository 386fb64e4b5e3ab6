/* Callbacks that outlive their setter: keys, log lines, and their end. */
#include "check.h"

#define SECRET_OF_ENV getenv("OSS_ACCESS_KEY_SECRET")

typedef struct {
    int asked;
    int dropped;
    int answer;
    int lines;
    int leaked;
} Seen;

static int give_keys(void *user, ossmpu_credentials *out) {
    Seen *seen = user;
    seen->asked++;
    if (seen->answer != 0)
        return seen->answer;
    /* A bad answer can be put right. */
    CHECK(ossmpu_credentials_set(out, "", "x", NULL, 0) == OSSMPU_EINVAL);
    CHECK(ossmpu_credentials_set(out, "x", "x", NULL, -1) == OSSMPU_EINVAL);
    CHECK(ossmpu_credentials_set(out, NULL, "x", NULL, 0) == OSSMPU_EINVAL);
    return ossmpu_credentials_set(out, getenv("OSS_ACCESS_KEY_ID"),
                                  SECRET_OF_ENV, NULL, 0);
}

static int say_nothing(void *user, ossmpu_credentials *out) {
    (void)user;
    (void)out;
    return 0;
}

static void log_line(void *user, int level, const char *line) {
    Seen *seen = user;
    CHECK(level >= OSSMPU_LOG_ERROR && level <= OSSMPU_LOG_DEBUG);
    CHECK(strchr(line, '\n') == NULL);
    seen->lines++;
    seen->leaked += strstr(line, SECRET_OF_ENV) != NULL;
}

static void drop(void *user) {
    ((Seen *)user)->dropped++;
}

static ossmpu_client *client_of(ossmpu_config *config) {
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    return client;
}

static void check_keys_and_log(void) {
    Seen keys = {0}, log = {0};
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *first, *second;
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_credentials_fn(config, give_keys, &keys, drop));
    CHECK(!ossmpu_config_set_log_fn(config, OSSMPU_LOG_DEBUG, log_line, &log,
                                    drop));
    first = client_of(config);
    second = client_of(config);
    ossmpu_config_free(config);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(first, BUCKET, "keys", "abc", 3, NULL, NULL,
                                 NULL, &err),
                 err);
    CHECK(keys.asked == 1);
    ossmpu_client_free(first);
    CHECK(keys.dropped == 0 && log.dropped == 0);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(second, BUCKET, "keys", "abc", 3, NULL, NULL,
                                 NULL, &err),
                 err);
    CHECK(keys.asked == 2);
    ossmpu_client_free(second);
    CHECK(keys.dropped == 1 && log.dropped == 1);
    CHECK(log.lines > 0 && log.leaked == 0);
}

static void check_refusal(ossmpu_credentials_fn callback, int answer,
                          const char *words) {
    Seen keys = {0};
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client;
    ossmpu_error *err = NULL;
    keys.answer = answer;
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_credentials_fn(config, callback, &keys, drop));
    client = client_of(config);
    ossmpu_config_free(config);
    CHECK(ossmpu_put_data(client, BUCKET, "keys", "abc", 3, NULL, NULL, NULL,
                          &err) == OSSMPU_ECREDENTIALS);
    CHECK(strstr(ossmpu_error_str(err, OSSMPU_ERROR_CAUSE), words) != NULL);
    ossmpu_error_free(err);
    ossmpu_client_free(client);
    CHECK(keys.dropped == 1);
}

/* Whatever goes wrong, the pointer is let go of once. */
static void check_drop_of_failed_setters(void) {
    Seen seen = {0};
    ossmpu_config *config = ossmpu_config_new();
    CHECK(ossmpu_config_set_credentials_fn(NULL, give_keys, &seen, drop) ==
          OSSMPU_EINVAL);
    CHECK(seen.dropped == 1);
    CHECK(ossmpu_config_set_credentials_fn(config, NULL, &seen, drop) ==
          OSSMPU_EINVAL);
    CHECK(seen.dropped == 2);
    CHECK(ossmpu_config_set_log_fn(config, 5, log_line, &seen, drop) ==
          OSSMPU_EINVAL);
    CHECK(seen.dropped == 3);
    CHECK(ossmpu_config_set_log_fn(config, OSSMPU_LOG_INFO, NULL, &seen, drop) ==
          OSSMPU_EINVAL);
    CHECK(seen.dropped == 4);
    /* One that is replaced is let go of at once. */
    CHECK(!ossmpu_config_set_log_fn(config, 1, log_line, &seen, drop));
    CHECK(!ossmpu_config_set_log_fn(config, 1, log_line, NULL, NULL));
    CHECK(seen.dropped == 5);
    ossmpu_config_free(config);
}

int main(void) {
    check_keys_and_log();
    check_refusal(give_keys, -7, "returned -7");
    check_refusal(say_nothing, 0, "without an answer");
    check_drop_of_failed_setters();
    return 0;
}
