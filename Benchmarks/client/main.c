// The client of all throughput measurements: sockets of the kernel's against discard, source and echo of a stack.
//
//   client SERVER FIRST-SOURCE SOURCES TEST
//
//   up SECONDS                  sends to discard (port 9); counts what the server has read
//   down SECONDS                receives from the source (port 19)
//   echo SECONDS                both at once (port 9877); every byte is compared
//   ping SECONDS                one byte there and back
//   short SECONDS IN-FLIGHT     connects, one byte there and back, closes
//   idle SECONDS COUNT PID      opens COUNT connections and leaves them; memory of the server PID; then as ping
//   small-beside-up SECONDS FLOWS, small-beside-down SECONDS FLOWS
//                               FLOWS connections with one byte there and back, beside a bulk transfer
//
// Connections come from SOURCES addresses from FIRST-SOURCE on. Prints an object in JSON.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static bool run(const char *test, double seconds, int first, int second) {
    if (!strcmp(test, "up")) bulk_up(seconds);
    else if (!strcmp(test, "down")) bulk_down(seconds);
    else if (!strcmp(test, "echo")) bulk_echo(seconds);
    else if (!strcmp(test, "ping")) ping(seconds);
    else if (!strcmp(test, "short") && first > 0) short_connections(seconds, first);
    else if (!strcmp(test, "idle") && first > 0) idle_connections(first, second, seconds);
    else if (!strcmp(test, "small-beside-up") && first > 0) small_beside_bulk(seconds, first, true);
    else if (!strcmp(test, "small-beside-down") && first > 0) small_beside_bulk(seconds, first, false);
    else return false;
    return true;
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    if (count >= 6) {
        set_endpoints(arguments[1], arguments[2], atoi(arguments[3]));
        make_pattern();
        const int first = count > 6 ? atoi(arguments[6]) : 0, second = count > 7 ? atoi(arguments[7]) : 0;
        if (run(arguments[4], atof(arguments[5]), first, second)) return 0;
    }
    fprintf(stderr, "usage: client SERVER FIRST-SOURCE SOURCES TEST SECONDS [ARGUMENT...]\n");
    return 2;
}
