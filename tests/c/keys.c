/* Every setter and getter refuses the keys of every other group. */
#include "check.h"

#define FIRST_GROUP 1000
#define LAST_GROUP 5000
#define GROUP_SIZE 1000
#define KEYS_TRIED 300

static ossmpu_config *config;
static ossmpu_options *options;
static ossmpu_result *result;
static ossmpu_object *object;
static ossmpu_error *error;

static int set_config_str(int key) {
    return ossmpu_config_set_str(config, key, "1");
}

static int set_config_int(int key) {
    return ossmpu_config_set_int(config, key, 1);
}

static int set_options_str(int key) {
    return ossmpu_options_set_str(options, key, "1");
}

static int set_options_int(int key) {
    return ossmpu_options_set_int(options, key, 1);
}

static int get_result_u64(int field) {
    uint64_t number = 7;
    int status = ossmpu_result_u64(result, field, &number);
    CHECK(status == OSSMPU_OK || number == 7);
    return status;
}

static int get_object_u64(int field) {
    uint64_t number = 7;
    int status = ossmpu_object_u64(object, field, &number);
    CHECK(status == OSSMPU_OK || number == 7);
    return status;
}

/* Getters without a status return "" and -1. */
static int unknown(const char *text, int64_t number) {
    return text[0] == '\0' && number == -1 ? OSSMPU_EUNSUPPORTED : OSSMPU_OK;
}

static int get_result(int field) {
    return unknown(ossmpu_result_str(result, field),
                   ossmpu_result_int(result, field));
}

static int get_object(int field) {
    return unknown(ossmpu_object_str(object, field),
                   ossmpu_object_int(object, field));
}

static int get_error(int field) {
    return unknown(ossmpu_error_str(error, field),
                   ossmpu_error_int(error, field));
}

static const struct {
    int (*function)(int key);
    int group;
    int known_key;
} functions[] = {
    {set_config_str, 1000, OSSMPU_CONFIG_REGION},
    {set_config_int, 1000, OSSMPU_CONFIG_MAX_ATTEMPTS},
    {set_options_str, 2000, OSSMPU_OPTION_CONTENT_TYPE},
    {set_options_int, 2000, OSSMPU_OPTION_KEEP_PARTS},
    {get_result_u64, 3000, OSSMPU_RESULT_CRC64},
    {get_result, 3000, OSSMPU_RESULT_SIZE},
    {get_object_u64, 4000, OSSMPU_OBJECT_CRC64},
    {get_object, 4000, OSSMPU_OBJECT_ETAG},
    {get_error, 5000, OSSMPU_ERRINFO_HTTP_STATUS},
};

static void check_pairs(void) {
    size_t i;
    int group, key;
    for (i = 0; i < sizeof functions / sizeof *functions; i++) {
        CHECK(functions[i].function(functions[i].known_key) == OSSMPU_OK);
        for (group = FIRST_GROUP; group <= LAST_GROUP; group += GROUP_SIZE) {
            if (group == functions[i].group)
                continue;
            for (key = group; key < group + KEYS_TRIED; key++)
                CHECK(functions[i].function(key) == OSSMPU_EUNSUPPORTED);
        }
    }
}

/* The first error of a setter has the names of both groups. */
static void check_message(void) {
    ossmpu_config *fresh = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    CHECK(ossmpu_config_set_int(fresh, OSSMPU_OPTION_KEEP_PARTS, 0) ==
          OSSMPU_EUNSUPPORTED);
    CHECK(ossmpu_client_new(fresh, &client, &err) == OSSMPU_EUNSUPPORTED);
    CHECK(client == NULL);
    CHECK(strstr(ossmpu_error_message(err), "OSSMPU_OPTION_*") != NULL);
    CHECK(strstr(ossmpu_error_message(err), "OSSMPU_CONFIG_*") != NULL);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT), "key");
    ossmpu_error_free(err);
    ossmpu_config_free(fresh);
}

int main(void) {
    ossmpu_client *client = new_client();
    ossmpu_error *err = NULL;
    config = ossmpu_config_new();
    options = ossmpu_options_new();
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "keys", "data", 4, NULL, NULL,
                                 &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_head_object(client, BUCKET, "keys", NULL, NULL, NULL,
                                    &object, &err),
                 err);
    CHECK(ossmpu_put_data(client, "X", "keys", "", 0, NULL, NULL, NULL,
                          &error) == OSSMPU_EINVAL);
    check_pairs();
    check_message();
    ossmpu_error_free(error);
    ossmpu_object_free(object);
    ossmpu_result_free(result);
    ossmpu_options_free(options);
    ossmpu_config_free(config);
    ossmpu_client_free(client);
    return 0;
}
