// Counts what this thread takes from the heap, by standing in front of the C library's malloc and its relatives.

#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

// How often this thread has taken memory from the heap.
unsigned long allocation_count(void);

// Bytes of the heap that the program has taken and not given back, all threads together.
unsigned long heap_bytes_in_use(void);

#endif
