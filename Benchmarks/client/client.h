// What the tests of the client share. Every test prints one object in JSON; one that fails prints {"error": ...}.
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { port_discard = 9, port_source = 19, port_echo = 9877 };

// One `send` or `recv` of a bulk transfer, in bytes.
enum { chunk = 256 * 1024 };

void fail(const char *what) __attribute__((noreturn));
double seconds_now(void);
uint64_t ns_now(void);

// Where connections go to, and the addresses they come from in turn: more of them mean more pairs of ports.
void set_endpoints(const char *server, const char *first_source, int source_count);

// A socket of the kernel's, CUBIC and without Nagle's algorithm.
int open_socket(bool blocking);
// Begins to connect a socket that does not block; false if that is refused at once.
bool begin_connecting(int fd, int port);
// A connected socket whose calls return after ten seconds at the latest.
int connect_to(int port);
// Ends a connection by a reset.
void reset(int fd);
// The error that waits at a socket; 0 for none.
int pending_error(int fd);

// Round-trip times in nanoseconds.
struct samples {
    uint32_t *values;
    size_t count, capacity;
};

void add_sample(struct samples *samples, uint64_t ns);
// Prints `"count": N, "p50_us": X, "p99_us": X, "p999_us": X, "max_us": X`; sorts.
void print_samples(struct samples *samples);
// One byte there and back, and timed if `samples` is not null.
void round_trip(int fd, struct samples *samples);
// As many of them as go into `seconds`, after some that do not count.
void round_trips(int fd, double seconds, struct samples *samples);

// A stream that does not repeat within any power of two, so that a byte in the wrong place is seen.
enum { pattern_period = 1000003 };
extern uint8_t pattern[pattern_period + chunk];
void make_pattern(void);

void bulk_up(double seconds);
void bulk_down(double seconds);
void bulk_echo(double seconds);
void ping(double seconds);
void short_connections(double seconds, int in_flight);
void idle_connections(int count, int server_pid, double seconds);
void small_beside_bulk(double seconds, int flows, bool up);

#endif
