/// Who a runtime runs as, in a guest and in a process sandbox, as on AWS. Images know the name.
package enum RuntimeUser {
    package static let name = "sbx_user1051"
    package static let user: UInt32 = 993
    package static let group: UInt32 = 990
    /// Of every sandbox: its /etc/hosts is the same in all.
    package static let hostName = "thaw"
}
