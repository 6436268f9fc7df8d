// simdjson and zlib, each alone: `libraries json <page>` or `libraries inflate <page.gz>`.
//
// Prints a line a measurement: name and microseconds of CPU each, the median of seven blocks of a
// quarter of a second.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <simdjson.h>
#include <zlib.h>

static double processor_seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

template <typename Work> static void report(const char *name, Work work) {
    std::vector<double> results;
    for (int block = 0; block < 7; block++) {
        int count = 0;
        double taken = 0;
        const double began = processor_seconds();
        while (taken < 0.25) {
            work();
            count++;
            taken = processor_seconds() - began;
        }
        results.push_back(taken / count * 1e6);
    }
    std::sort(results.begin(), results.end());
    std::printf("%s %f\n", name, results[3]);
}

static std::string contents(const char *path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read the page");
    return {std::istreambuf_iterator<char>(file), {}};
}

static void json(const std::string &page) {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(page);
    report("simdjson", [&] {
        simdjson::dom::element document;
        if (parser.parse(padded).get(document)) throw std::runtime_error("not JSON");
    });
}

static void inflate_all(const std::string &packed) {
    std::vector<unsigned char> out(32 << 20);
    report("zlib", [&] {
        z_stream stream{};
        if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::runtime_error("zlib");
        stream.next_in = reinterpret_cast<unsigned char *>(const_cast<char *>(packed.data()));
        stream.avail_in = packed.size();
        stream.next_out = out.data();
        stream.avail_out = out.size();
        if (inflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("not gzip");
        inflateEnd(&stream);
    });
}

int main(int argc, char **argv) {
    const std::string mode = argc == 3 ? argv[1] : "";
    if (mode == "json") json(contents(argv[2]));
    else if (mode == "inflate") inflate_all(contents(argv[2]));
    else std::fprintf(stderr, "usage: libraries json <page> | inflate <page.gz>\n");
    return mode.empty();
}
