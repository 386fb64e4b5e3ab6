// version-cpp EXPECTED - fails unless the library has this version. Needs no server.
#include <ossmpu.hpp>

#include <iostream>
#include <string>

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    const std::string version(ossmpu::version());
    if (version.compare(0, version.find(' '), argv[1]) != 0) {
        std::cerr << version << " instead of " << argv[1] << '\n';
        return 1;
    }
    std::cout << "C++ program with " << version << '\n';
    return 0;
}
