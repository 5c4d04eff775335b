// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What the kernel programs of the slots and the server share: the entries of their maps, and fixed numbers.
//
// Addresses and identifiers of the wire are in network byte order, everything else in the machine's.
#ifndef SLOT_MAPS_H
#define SLOT_MAPS_H

#include <linux/types.h>

enum {
    /* Interface indices in the hub. The hub's end of slot k is slot_hub_base + k, and slot_hub_stride more each time that the slot is
     * made anew, until after slot_hub_generations times it begins again: no program has to look k up. */
    slot_hub_uplink = 2,
    slot_hub_base = 100000,
    slot_hub_stride = 65536,
    slot_hub_generations = 64,
    /* Made from the host, where older kernels (6.1 and 6.12 among them) look whether there is such an index: nobody else has
     * this one. */
    slot_hub_tunnel = 1 << 30,
    /* In a slot of layout direct. */
    slot_direct_interface = 2,
    slot_direct_tap = 3,
    /* In a slot of layout bridged. Its programs learn k from their own interface's index. */
    slot_bridged_veth = 2,
    slot_bridged_tap_base = 200000,
    slot_bridged_bridge_base = 300000,
    slot_bridged_tunnel_base = 400000,
    /* In a trunk. */
    slot_trunk_uplink = 2,
};

enum slot_mode {
    slot_mode_closed = 0, /* nothing passes */
    slot_mode_isolated = 1,
    slot_mode_egress = 2,
    slot_mode_vpc = 3,
};

enum slot_drop_reason {
    slot_drop_closed, /* the slot is not bound, or not for this way */
    slot_drop_spoofed, /* a source MAC or IP address that is not the guest's */
    slot_drop_arp, /* anything but the question for the gateway's address */
    slot_drop_broadcast, /* to more than one station or host */
    slot_drop_protocol, /* neither IPv4 nor ARP */
    slot_drop_policy, /* a destination that the mode does not reach */
    slot_drop_inbound, /* of no flow that the guest began */
    slot_drop_rate, /* more than the slot may send */
    slot_drop_malformed, /* shorter than its headers say */
    slot_drop_reasons,
};

/* Map `slots`: one entry a slot. The programs read mode to name_server; the rest is for whoever looks on. */
struct slot_entry {
    __u8 mode; /* enum slot_mode */
    __u8 occupant; /* 0: processes, at the namespace's interface; 1: a virtual machine, at the tap */
    __u8 state; /* as the server's state machine has it */
    __u8 reserved;
    __be32 address; /* of the guest, outside of the slot */
    __u32 vni;
    __be32 name_server; /* who gets what the guest asks its gateway for names; 0: nobody */
    __u32 claims; /* how often the slot has been claimed */
    __u32 interface; /* its end in the hub; whatever comes by another is of a slot that is being taken away */
    __u64 since; /* of the state; nanoseconds since 1970 */
};

/* Map `counters`, per CPU: one entry a slot. Packets and bytes as the guest sent and received them. */
struct slot_counters {
    __u64 sent_packets, sent_bytes;
    __u64 received_packets, received_bytes;
    __u64 dropped[slot_drop_reasons];
};

/* Map `buckets`: what a slot may still send. */
struct slot_bucket {
    __s64 tokens; /* bytes */
    __u64 filled; /* when; CLOCK_MONOTONIC */
};

/* Map `flows`: one table a slot, of the flows that its guest began. A flow is in one of two buckets. */
enum {
    slot_flow_buckets = 256,
    slot_flow_ways = 8,
    slot_flow_fragment = 0x100, /* added to the protocol: what may still come of a packet in fragments */
};

struct slot_flow {
    __u64 ends; /* both ports and the peer's address, as outside of the slot */
    __u32 expires; /* CLOCK_MONOTONIC, in steps of 2^30 ns; 0: nobody's place */
    __u16 kind; /* the protocol */
    __u16 state;
};

struct slot_flows {
    struct slot_flow buckets[slot_flow_buckets][slot_flow_ways];
};

/* Map `denied`: destinations, by longest prefix; the value is a mask of modes, 1 << slot_mode_…. */
struct slot_destination {
    __u32 length; /* of the prefix, bits */
    __be32 address;
};

/* Map `routes`: where frames of a virtual network go, by longest prefix of network and destination. */
struct slot_route_key {
    __u32 length; /* 32 bits of vni, then those of the destination's prefix */
    __be32 vni;
    __be32 destination;
};

struct slot_route {
    __be32 endpoint;
    __u8 hardware_address[6];
    __u8 reserved[2];
};

/* Map `residents`: whose an address in a virtual network is; the value is the index of the slot. */
struct slot_resident {
    __u32 vni;
    __be32 address;
};

/* Map `trunks`: the interface index of a trunk's end on the host. */

/* Constants of one server, set before its programs are loaded. */
struct slot_settings {
    __u32 count; /* of slots */
    __be32 first_address; /* slot k has this + k outside of it */
    __u64 bytes_per_second; /* that a slot may send; 0: as many as it can */
    __u64 burst_bytes;
    __u32 dummy_network; /* the tunnel of slot k in layout bridged was made with the identifier this + k */
    __be32 dummy_endpoint; /* and sends to here */
    __be32 trunk_address; /* from here */
    __u32 trunk_size; /* how many slots share a trunk: slot k has trunk k / this */
    __be32 tunnel_source; /* what is put in the place of that; 0: there are no virtual networks */
    __u16 tunnel_port; /* UDP, in the machine's byte order */
    __u8 bridged;
    __u8 reserved;
};

/* The ELF object that scripts/build made of BPF/, and its size in bytes. */
const void *slot_programs_object(void);
unsigned long slot_programs_object_size(void);

#endif
