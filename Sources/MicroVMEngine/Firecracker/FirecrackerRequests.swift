import GuestProtocol

/// What Firecracker is told, by the paths of its API. Members are named as there.
enum FirecrackerRequest {
    /// PUT /boot-source
    struct BootSource: Encodable {
        var kernelImagePath: String
        var initrdPath: String
        var bootArgs: String

        enum CodingKeys: String, CodingKey {
            case kernelImagePath = "kernel_image_path"
            case initrdPath = "initrd_path"
            case bootArgs = "boot_args"
        }
    }

    /// PUT /machine-config
    struct MachineConfiguration: Encodable {
        var vcpuCount: Int
        var memoryMebibytes: Int
        /// What was written to is known, and a snapshot has nothing else in its memory file.
        var tracksDirtyPages: Bool

        enum CodingKeys: String, CodingKey {
            case vcpuCount = "vcpu_count"
            case memoryMebibytes = "mem_size_mib"
            case tracksDirtyPages = "track_dirty_pages"
        }
    }

    /// PUT /drives/NAME
    struct Drive: Encodable {
        var name: String
        var path: String
        var isReadOnly: Bool
        let isRootDevice = false

        enum CodingKeys: String, CodingKey {
            case name = "drive_id"
            case path = "path_on_host"
            case isReadOnly = "is_read_only"
            case isRootDevice = "is_root_device"
        }
    }

    /// PUT /network-interfaces/NAME
    struct NetworkInterface: Encodable {
        var name: String
        var tap: String
        var macAddress: String

        enum CodingKeys: String, CodingKey {
            case name = "iface_id"
            case tap = "host_dev_name"
            case macAddress = "guest_mac"
        }
    }

    /// PUT /vsock
    struct Vsock: Encodable {
        let guestCID = 3
        var path: String

        enum CodingKeys: String, CodingKey {
            case guestCID = "guest_cid"
            case path = "uds_path"
        }
    }

    /// PUT /actions
    struct Action: Encodable {
        let type = "InstanceStart"
        enum CodingKeys: String, CodingKey { case type = "action_type" }
    }

    /// PATCH /vm
    struct Motion: Encodable {
        enum State: String, Encodable {
            case paused = "Paused"
            case resumed = "Resumed"
        }
        var state: State
    }

    /// PUT /snapshot/create
    struct Create: Encodable {
        /// `Diff`, in a machine that has told what was written to from its beginning, is all there is in its memory.
        let type = "Diff"
        var statePath: String
        var memoryPath: String

        enum CodingKeys: String, CodingKey {
            case type = "snapshot_type"
            case statePath = "snapshot_path"
            case memoryPath = "mem_file_path"
        }
    }

    /// PUT /snapshot/load
    struct Load: Encodable {
        struct Backend: Encodable {
            let type = "File"
            var path: String
            enum CodingKeys: String, CodingKey {
                case type = "backend_type"
                case path = "backend_path"
            }
        }
        var statePath: String
        var memory: Backend

        enum CodingKeys: String, CodingKey {
            case statePath = "snapshot_path"
            case memory = "mem_backend"
        }
    }
}
