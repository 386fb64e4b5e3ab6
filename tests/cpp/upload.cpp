// Step by step: parts from every source, lists as ranges, presigned URLs.
#include "check.hpp"

#include <algorithm>
#include <thread>
#if __cplusplus >= 202002L
#include <ranges>
static_assert(std::ranges::input_range<ossmpu::part_list>);
static_assert(std::ranges::input_range<ossmpu::upload_list>);
#endif

using std::chrono::seconds;

constexpr std::int64_t SIZE = 102400;

static void parts_from_everywhere(const ossmpu::client &client,
                                  const char *path) {
    const std::vector<char> bytes = some_bytes(SIZE);
    client.put_data(BUCKET, "origin", bytes);
    const ossmpu::upload upload = client.initiate(BUCKET, "steps");
    std::thread other([&] { upload.part(1, bytes); });
    upload.part_file(2, path, {10, SIZE});
    other.join();
    upload.part_from(
        3,
        [](char *buf, std::size_t len) {
            std::fill_n(buf, len, 'f');
            return len;
        },
        SIZE);
    upload.part_copy(4, {BUCKET, "origin"}, {0, SIZE});
    upload.part(5, "tail");

    std::vector<std::int32_t> numbers;
    for (const ossmpu::part &part : upload.sent_parts()) {
        CHECK(part.size == (part.number == 5 ? 4 : SIZE));
        CHECK(part.etag.front() == '"' && part.last_modified.empty());
        numbers.push_back(part.number);
    }
    CHECK(numbers == std::vector<std::int32_t>{1, 2, 3, 4, 5});

    ossmpu::options pages;
    pages.page_size(2).part_number_marker(1);
    ossmpu::part_list listed =
        client.list_parts(BUCKET, "steps", upload.id(), &pages);
    const std::vector<ossmpu::part> there(listed.begin(), listed.end());
    CHECK(there.size() == 4 && there[0].number == 2);
    CHECK(there[3].crc64.has_value() && there[3].last_modified.size() == 20);
    CHECK(listed.begin() == listed.end());

    const ossmpu::result result = upload.complete();
    CHECK(result.parts() == 5);
    check_object(client, "steps", 4 * SIZE + 4, result);
    const ossmpu::error error =
        CHECK_THROWS(ossmpu::error, upload.part(6, "x"));
    CHECK(error.code() == OSSMPU_ESTATE);
}

static void others_go_on(const ossmpu::client &client, const char *path) {
    std::string id;
    {
        const ossmpu::upload upload = client.initiate(BUCKET, "shared");
        upload.part_file(1, path, {0, SIZE});
        id = upload.id();
    }
    ossmpu::upload blind =
        client.attach(BUCKET, "shared", id, ossmpu::known_parts::none);
    ossmpu::part_list none = blind.sent_parts();
    CHECK(none.begin() == none.end());
    ossmpu::upload knowing =
        client.attach(BUCKET, "shared", id, ossmpu::known_parts::listed);
    ossmpu::part_list one = knowing.sent_parts();
    CHECK(one.begin()->size == SIZE);
    CHECK((*one.begin()++).number == 1);
    CHECK(one.begin() == one.end());
    blind = std::move(knowing);
    blind.part(2, "end");
    check_object(client, "shared", SIZE + 3, blind.complete());
}

static void lists_of_uploads(const ossmpu::client &client) {
    std::vector<ossmpu::upload> uploads;
    for (const char *key : {"l/a", "l/b/1", "l/b/2", "m"})
        uploads.push_back(client.initiate(BUCKET, key));
    const auto keys_of = [](ossmpu::upload_list list) {
        std::vector<std::string> keys;
        for (const ossmpu::upload_entry &entry : list) {
            CHECK(entry.upload_id.empty() == entry.is_prefix);
            CHECK(entry.initiated.empty() == entry.is_prefix);
            CHECK(entry.storage_class.empty() == entry.is_prefix);
            keys.push_back((entry.is_prefix ? "*" : "") + entry.key);
        }
        return keys;
    };
    using keys = std::vector<std::string>;
    ossmpu::options options;
    options.page_size(1);
    CHECK(keys_of(client.list_uploads(BUCKET, "", "", &options)) ==
          keys{"l/a", "l/b/1", "l/b/2", "m"});
    CHECK(keys_of(client.list_uploads(BUCKET, "l/", "/")) ==
          keys{"l/a", "*l/b/"});
    options.key_marker("l/b/1").upload_id_marker(uploads[1].id());
    CHECK(keys_of(client.list_uploads(BUCKET, {}, {}, &options)) ==
          keys{"l/b/2", "m"});
    for (const ossmpu::upload &upload : uploads)
        upload.abort();
    CHECK(keys_of(client.list_uploads(BUCKET)).empty());
    // begin() throws the error of a page; then there are no more entries.
    ossmpu::part_list gone =
        client.list_parts(BUCKET, "m", uploads[3].id());
    const ossmpu::error error = CHECK_THROWS(ossmpu::error, gone.begin());
    CHECK(error.oss_code() == "NoSuchUpload");
    CHECK(gone.begin() == gone.end());
    const ossmpu::part_list moved = std::move(gone);
    CHECK_THROWS(std::logic_error, gone.begin());
}

static void urls(const ossmpu::client &owner) {
    ossmpu::config nothing;
    const ossmpu::client worker(nothing.credentials("anonymous"));
    const ossmpu::upload upload = owner.initiate(BUCKET, "signed");
    const ossmpu::result url = owner.presign_upload_part(
        BUCKET, "signed", upload.id(), 1, seconds(60));
    CHECK(!url.url().empty() && url.headers().empty());
    CHECK(!url.size().has_value() && !url.crc64().has_value());
    const ossmpu::result sent = worker.put_part_url(url.url(), "part");
    upload.add_part(1, *sent.size(), sent.etag(), sent.crc64());
    check_object(owner, "signed", 4, upload.complete());

    ossmpu::options acl;
    acl.header("x-oss-object-acl", "private");
    CHECK(owner.presign_put_object(BUCKET, "k", seconds(1), &acl).headers() ==
          "x-oss-object-acl: private\n");
    CHECK(!owner.presign_initiate(BUCKET, "k", seconds(1)).url().empty());
    for (const ossmpu::result &made :
         {owner.presign_complete(BUCKET, "k", "id", seconds(1)),
          owner.presign_abort(BUCKET, "k", "id", seconds(1))})
        CHECK(made.url().find("uploadId=id") != std::string_view::npos);
    CHECK(CHECK_THROWS(ossmpu::error,
                       owner.presign_abort(BUCKET, "k", "", seconds(1)))
              .code() == OSSMPU_EINVAL);
}

static void writers(const ossmpu::client &client) {
    const ossmpu::options options = in_parts();
    const std::vector<char> bytes = some_bytes(120000);
    ossmpu::writer writer = client.open_writer(BUCKET, "written", &options);
    for (int i = 0; i < 3; i++)
        writer.write(bytes);
    writer.write("end");
    check_object(client, "written", 360003, writer.finish());
    CHECK(CHECK_THROWS(ossmpu::error, writer.write("x")).code() ==
          OSSMPU_ESTATE);
    writer = client.open_writer(BUCKET, "given up", &options);
    writer.write(bytes);
    writer.abort();
    CHECK(CHECK_THROWS(ossmpu::error, client.head_object(BUCKET, "given up"))
              .http_status() == 404);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    const ossmpu::client client = new_client();
    parts_from_everywhere(client, argv[1]);
    others_go_on(client, argv[1]);
    lists_of_uploads(client);
    urls(client);
    writers(client);
}
