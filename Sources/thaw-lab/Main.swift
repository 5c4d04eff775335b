import ArgumentParser
import ThawLab

@main
enum Main {
    static func main() async { await LabCommand.main() }
}
