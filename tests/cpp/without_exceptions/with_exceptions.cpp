// Compiled with exceptions, and linked to calls.cpp.
#include "../check.hpp"

bool another_object_file_throws() {
    const ossmpu::client client = new_client();
    CHECK_THROWS(ossmpu::error, client.head_object(BUCKET, "nothing"));
    return client.put_data(BUCKET, "throws", "abc").size() == 3;
}
