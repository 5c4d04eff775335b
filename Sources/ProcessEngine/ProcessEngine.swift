import CProcessImage

/// Sandboxes that are processes, cloned by forking a frozen template.
package enum ProcessEngineLayout {
    static let imageVersion = THAW_IMAGE_VERSION
}
