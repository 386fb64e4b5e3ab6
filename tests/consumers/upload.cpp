// upload NAME - a C++ program that is linked to the library in some way.
#include <ossmpu.hpp>

#include <iostream>
#include <string>

int main(int argc, char **argv) try {
    if (argc != 2)
        return 2;
    ossmpu::config config;
    const ossmpu::client client(config.env());
    ossmpu::options options;
    options.part_size(102400).single_below(0);
    const auto result = client.put_data("ossmpu-test", argv[1],
                                        std::string(300000, 'x'), &options);
    const auto object = client.head_object("ossmpu-test", argv[1]);
    if (result.parts() != 3 || object.crc64() != result.crc64())
        return 1;
    std::string name = argv[1];
    name.resize(28, ' ');
    std::cout << name << " uploads with " << ossmpu::version() << '\n';
    return 0;
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
