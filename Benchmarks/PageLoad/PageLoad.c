// Posts the pages of one cohort export, as Mixpanel would, faster than any server takes them:
//
//   PageLoad <port> <path> <base64 credentials> <action> <session> <cohort> <first> <count> <stride>
//            <connections>
//
// A page has 1,000 members, the people numbered first, first + stride, ... up to count of them; the
// same number is always the same person. Each connection posts its next page when the last one is
// answered. The last page of all is posted alone when every other one is answered: if it completes a
// replacement, it pays for the switch. Anything but 200 ends the run.
//
// Prints one line: pages, seconds, and in microseconds the median, the 99th percentile and the
// longest of the answers, and the last one.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    members_per_page = 1000,
    member_bytes_max = 256,
    head_bytes_max = 2048,
    connections_max = 1024,
    answer_bytes_max = 4096,
};

static struct {
    int port;
    const char *path, *credentials, *action, *session, *cohort;
    int64_t first, count, stride;
    int connections;
} plan;

struct connection {
    int descriptor;
    bool is_busy;
    char *request;
    size_t length, sent;
    char answer[answer_bytes_max + 1];
    size_t received;
    int64_t began;
};

static void fail(const char *what) {
    fprintf(stderr, "PageLoad: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// MARK: Pages

// SplitMix64's finish: the same number is the same person, in no order that an index could like.
static uint64_t mixed(uint64_t number) {
    number *= UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

static char *put(char *to, const char *text) {
    const size_t length = strlen(text);
    memcpy(to, text, length);
    return to + length;
}

static char *put_hexadecimal(char *to, uint64_t number) {
    for (int shift = 60; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[number >> shift & 15];
    return to;
}

static char *put_decimal(char *to, uint64_t number) {
    char digits[20];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0) *to++ = digits[--count];
    return to;
}

static char *put_member(char *to, int64_t number) {
    to = put(to, "{\"mixpanel_distinct_id\":\"");
    to = put_hexadecimal(to, mixed((uint64_t)number));
    to = put_hexadecimal(to, mixed((uint64_t)number + UINT64_C(0x5bd1e995)));
    to = put(to, "\",\"reference_id\":\"user-");
    to = put_decimal(to, 100000 + (uint64_t)number);
    return put(to, "\",\"$email\":\"zoe@mail.example\",\"first_name\":\"Zo\\u00eb\","
                   "\"last_name\":\"Made-Up\"}");
}

static int64_t page_count(void) { return (plan.count + members_per_page - 1) / members_per_page; }

// Writes the request of a page, counted from 0, into `connection`.
static void write_page(struct connection *connection, int64_t page) {
    static char body[head_bytes_max + members_per_page * member_bytes_max];
    const int start = snprintf(
        body, head_bytes_max,
        "{\"action\":\"%s\",\"parameters\":{\"mixpanel_project_id\":\"3012457\","
        "\"mixpanel_cohort_name\":\"Bench %s\",\"mixpanel_cohort_id\":\"%s\","
        "\"mixpanel_session_id\":\"%s\",\"page_info\":{\"total_pages\":%" PRId64
        ",\"page_count\":%" PRId64 "},\"members\":[",
        plan.action, plan.cohort, plan.cohort, plan.session, page_count(), page + 1);
    if (start < 0 || start >= head_bytes_max) fail("the arguments are too long");
    char *end = body + start;
    const int64_t from = page * members_per_page;
    const int64_t to = from + members_per_page < plan.count ? from + members_per_page : plan.count;
    for (int64_t index = from; index < to; index++) {
        if (index > from) *end++ = ',';
        end = put_member(end, plan.first + index * plan.stride);
    }
    end = put(end, "]}}");
    const size_t length = (size_t)(end - body);
    const int head = snprintf(
        connection->request, head_bytes_max,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        plan.path, plan.credentials, length);
    if (head < 0 || head >= head_bytes_max) fail("the arguments are too long");
    memcpy(connection->request + head, body, length);
    connection->length = (size_t)head + length;
    connection->sent = 0;
    connection->received = 0;
    connection->is_busy = true;
}

// MARK: Connections

static void open_connection(struct connection *connection) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)plan.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int one = 1;
    connection->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->descriptor < 0
        || connect(connection->descriptor, (struct sockaddr *)&address, sizeof address) < 0
        || fcntl(connection->descriptor, F_SETFL, O_NONBLOCK) < 0)
        fail("connect");
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connection->request = malloc(2 * head_bytes_max + members_per_page * member_bytes_max);
    if (connection->request == NULL) fail("malloc");
}

static void send_some(struct connection *connection) {
    while (connection->sent < connection->length) {
        const ssize_t sent = send(
            connection->descriptor, connection->request + connection->sent,
            connection->length - connection->sent, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (sent < 0) fail("send");
        connection->sent += (size_t)sent;
    }
}

// Whether all of the answer is there; ends the program if it is not 200.
static bool receive_answer(struct connection *connection) {
    const ssize_t count = recv(
        connection->descriptor, connection->answer + connection->received,
        answer_bytes_max - connection->received, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (count <= 0) fail("recv");
    connection->received += (size_t)count;
    connection->answer[connection->received] = 0;
    const char *body = strstr(connection->answer, "\r\n\r\n");
    const char *length = strstr(connection->answer, "Content-Length: ");
    if (body == NULL || length == NULL || length > body) return false;
    body += 4;
    if (strlen(body) < strtoul(length + strlen("Content-Length: "), NULL, 10)) return false;
    if (strncmp(connection->answer, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "PageLoad: %s\n", connection->answer);
        exit(1);
    }
    return true;
}

// MARK: The run

static int compare(const void *left, const void *right) {
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void start(struct connection *connection, int64_t page) {
    write_page(connection, page);
    connection->began = microseconds();
    send_some(connection);
}

static void run(struct connection *connections, int64_t *taken) {
    const int64_t pages = page_count();
    struct pollfd polled[connections_max];
    int64_t next = 0, answered = 0;
    while (answered < pages) {
        int busy = 0;
        struct connection *by_index[connections_max];
        for (int index = 0; index < plan.connections; index++) {
            struct connection *connection = &connections[index];
            // The last page waits until it is alone.
            const bool may_start = next < pages - 1 || (next == pages - 1 && answered == next);
            if (!connection->is_busy && may_start) start(connection, next++);
            if (!connection->is_busy) continue;
            polled[busy].fd = connection->descriptor;
            polled[busy].events = POLLIN;
            if (connection->sent < connection->length) polled[busy].events |= POLLOUT;
            by_index[busy++] = connection;
        }
        if (poll(polled, (nfds_t)busy, -1) < 0 && errno != EINTR) fail("poll");
        for (int index = 0; index < busy; index++) {
            struct connection *connection = by_index[index];
            if (polled[index].revents & POLLOUT) send_some(connection);
            if (!(polled[index].revents & (POLLIN | POLLHUP | POLLERR))) continue;
            if (!receive_answer(connection)) continue;
            taken[answered++] = microseconds() - connection->began;
            connection->is_busy = false;
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 11) {
        fprintf(stderr, "usage: PageLoad <port> <path> <credentials> <action> <session> <cohort> "
                        "<first> <count> <stride> <connections>\n");
        return 64;
    }
    plan.port = atoi(argv[1]);
    plan.path = argv[2];
    plan.credentials = argv[3];
    plan.action = argv[4];
    plan.session = argv[5];
    plan.cohort = argv[6];
    plan.first = atoll(argv[7]);
    plan.count = atoll(argv[8]);
    plan.stride = atoll(argv[9]);
    plan.connections = atoi(argv[10]);
    const int64_t pages = page_count();
    if (plan.connections < 1 || plan.connections > connections_max || pages < 1) return 64;
    struct connection *connections = calloc((size_t)plan.connections, sizeof *connections);
    int64_t *taken = calloc((size_t)pages, sizeof *taken);
    if (connections == NULL || taken == NULL) fail("calloc");
    for (int index = 0; index < plan.connections; index++) open_connection(&connections[index]);
    const int64_t began = microseconds();
    run(connections, taken);
    const double seconds = (double)(microseconds() - began) / 1e6;
    const int64_t last = taken[pages - 1];
    qsort(taken, (size_t)pages, sizeof *taken, compare);
    printf("%" PRId64 " %f %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", pages, seconds,
           taken[pages / 2], taken[pages * 99 / 100], taken[pages - 1], last);
    return 0;
}
