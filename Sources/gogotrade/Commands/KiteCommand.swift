internal import ArgumentParser
internal import KiteProtocol

struct KiteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kite",
        abstract: "Kite's protocol.",
        subcommands: [Decode.self]
    )

    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decodes binary ticker messages: hexadecimal on standard input, one a line, to JSON lines."
        )

        func run() throws {
            while let line = readLine() { Console.write(KiteTickJSON.line(forHex: line) + [UInt8(ascii: "\n")]) }
        }
    }
}
