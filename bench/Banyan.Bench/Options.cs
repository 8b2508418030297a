using System.Globalization;

namespace Banyan.Bench;

/// <summary>What the command line asked for.</summary>
internal sealed record Options
{
    public required string Test { get; init; }

    /// <summary>One parameter set, only the gated rows, at most 240 s.</summary>
    public bool Quick { get; init; }

    public bool Json { get; init; }

    /// <summary>Paired rounds; 15 unless given.</summary>
    public int Rounds { get; init; } = 15;

    /// <summary>Seconds of load in a round.</summary>
    public int Seconds { get; init; } = 3;

    /// <summary>Seconds of load before the first round, for a process that compiles as it runs.</summary>
    public int WarmUp { get; init; } = 20;

    /// <summary>Names of the sides to run; empty means all.</summary>
    public IReadOnlySet<string> Only { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Numbers of connections to run; empty means all of the test's.</summary>
    public IReadOnlySet<int> Connections { get; init; } = new HashSet<int>();

    /// <summary>Numbers of streams on a connection to run; empty means all of the test's.</summary>
    public IReadOnlySet<int> Streams { get; init; } = new HashSet<int>();

    /// <summary>Sizes of bodies to run, in bytes; empty means all of the test's.</summary>
    public IReadOnlySet<int> Bodies { get; init; } = new HashSet<int>();

    /// <summary>Numbers of simulated proxies to run; empty means all of the test's.</summary>
    public IReadOnlySet<int> Proxies { get; init; } = new HashSet<int>();

    /// <summary>Simulated proxies come over TLS, each with its certificate.</summary>
    public bool Tls { get; init; }

    /// <summary>A banyan binary to measure in place of the build under artifacts/.</summary>
    public string? Control { get; init; }

    /// <summary>A proxy binary to measure in place of the build under artifacts/.</summary>
    public string? Proxy { get; init; }

    /// <summary>Also read the allocation counters around the load.</summary>
    public bool Allocations { get; init; }

    /// <summary>Also count system calls.</summary>
    public bool SystemCalls { get; init; }

    /// <summary>Exit code 3 when a bound was missed.</summary>
    public bool Gate { get; init; }

    public const string Usage = """
        usage: bench/run TEST [options]

        tests
          hop        CPU per request of one HTTP/1.1 hop, beside haproxy and nginx
          h2         the same of HTTP/2 (without TLS) on both legs, beside nghttpx and haproxy
          grpc       the same of gRPC calls, unary and streaming, beside nghttpx and haproxy; nginx beside, without a bound
          tcp        CPU per MB, per small message and per connection of a TCP relay, beside haproxy and nginx
          pair       CPU per request of two sidecars in a row, by how requests travel between them
          mtls       CPU per request and per handshake with mutual TLS between two sidecars, beside pairs of haproxy and nginx; idle memory
          latency    time of a request on a fixed schedule, at 25, 50 and 80 % of the knee
          memory     resident memory and start time of each build of the proxy
          control    the control plane with 50, 1000 and 10000 simulated proxies: connect storm, changes, churn, memory

        options
          --quick            one parameter set, only the gated rows, at most 240 s
          --output json      one JSON object on standard output (otherwise a table)
          --rounds N         paired rounds (15)
          --seconds N        seconds of load in a round (3)
          --warm-up N        seconds of load before the first round (20)
          --only A,B         only these sides: mesh, bare, haproxy, haproxy-copy, nginx, nghttpx; or builds: jit, r2r, aot
          --connections N,N  only these numbers of connections (hop: 1, 64, 512; h2, grpc: 1, 10; tcp: 1, 16, 64, 512); not with --quick
          --streams N,N      only these numbers of streams on each (h2, grpc: 1, 10, 100); not with --quick
          --body N,N         only these sizes of bodies in bytes (hop: 131, 16384, 1000000; tcp: 100, 32000, 500000); not with --quick
          --proxies N,N      only these numbers of simulated proxies (control: 50, 1000, 10000; --quick: 50, 1000)
          --tls              the simulated proxies come over mutual TLS (control)
          --proxy PATH       measure this banyan-proxy
          --control PATH     measure this banyan (control)
          --alloc            also: bytes allocated per request
          --syscalls         also: system calls per request (always with the full run)
          --gate             exit code 3 when a bound was missed
          --no-build         use what is built already
        """;

    public static Options Parse(string[] args)
    {
        var options = new Options { Test = "" };
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = Split(args[i]);
            string Text() => value ?? (i + 1 < args.Length ? args[++i] : throw new BenchFailure($"{name} needs a value"));
            options = name switch
            {
                "--quick" => options with { Quick = true },
                "--output" => options with { Json = IsJson(Text()) },
                "--rounds" => options with { Rounds = Number(name, Text(), 1, 1000) },
                "--seconds" => options with { Seconds = Number(name, Text(), 1, 60) },
                "--warm-up" => options with { WarmUp = Number(name, Text(), 0, 300) },
                "--only" => options with { Only = Text().Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal) },
                "--connections" => options with { Connections = Numbers(name, Text()) },
                "--streams" => options with { Streams = Numbers(name, Text()) },
                "--body" => options with { Bodies = Numbers(name, Text()) },
                "--proxies" => options with { Proxies = Numbers(name, Text()) },
                "--tls" => options with { Tls = true },
                "--control" => options with { Control = Existing(name, Text()) },
                "--proxy" => options with { Proxy = Existing(name, Text()) },
                "--alloc" => options with { Allocations = true },
                "--syscalls" => options with { SystemCalls = true },
                "--gate" => options with { Gate = true },
                "--no-build" => options,
                _ when !name.StartsWith('-') && options.Test.Length == 0 => options with { Test = name },
                _ => throw new BenchFailure($"{name} is not known\n\n{Usage}"),
            };
        }

        if (options.Quick && options.Connections.Count + options.Streams.Count + options.Bodies.Count > 0)
        {
            throw new BenchFailure("--quick is one parameter set of its own: --connections, --streams and --body go without it");
        }

        if (options.Tls && options.Test != "control")
        {
            throw new BenchFailure("--tls is for control: mtls measures the hop");
        }

        return options.Test.Length > 0 ? options : throw new BenchFailure($"no test named\n\n{Usage}");
    }

    public bool Wants(string side) => Only.Count == 0 || Only.Contains(side);

    private static (string Name, string? Value) Split(string argument)
    {
        var at = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=') : -1;
        return at < 0 ? (argument, null) : (argument[..at], argument[(at + 1)..]);
    }

    private static bool IsJson(string value) => value switch
    {
        "json" => true,
        "table" => false,
        _ => throw new BenchFailure($"--output is json or table, not {value}"),
    };

    private static HashSet<int> Numbers(string name, string text) =>
        [.. text.Split(',').Select(number => Number(name, number, 1, int.MaxValue))];

    private static int Number(string name, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new BenchFailure($"{name} is a number from {least} to {most}, not {value}");

    private static string Existing(string name, string path) =>
        File.Exists(path) ? Path.GetFullPath(path) : throw new BenchFailure($"{name}: there is no file {path}");
}
