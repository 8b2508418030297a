using System.Globalization;
using Banyan.Proxy.Record;

namespace Banyan.Proxy.Options;

/// <summary>Reads the command line of <c>banyan-proxy</c>.</summary>
/// <remarks>Written by hand: a library would be a third of the ahead-of-time build.</remarks>
public sealed class CommandLine
{
    /// <summary>Exit code for bad arguments.</summary>
    public const int BadArguments = 2;

    private const int MostReactors = 256;

    private const string Usage = """
        banyan-proxy: the sidecar of the Banyan service mesh

        banyan-proxy --node NAMESPACE/WORKLOAD/REPLICA --control URL[,URL...] --state DIR [options]
        banyan-proxy --snapshot FILE [options]

          --node NAMESPACE/WORKLOAD/REPLICA  who this proxy is, such as default/payments-v1/0
          --control URL[,URL...]             the control plane, such as http://127.0.0.1:14010; of several replicas each
                                             proxy asks one, and the next when that one is lost (may be given again);
                                             https:// asks over TLS, with an identity of its own
          --service-account NAME             with https: whose identity it asks for, such as payments
          --join-token FILE                  with https: a token for the first certificate; removed when it was used
          --identity state|memory            with https: keep the identity in DIR/identity (default), or nowhere
          --workload-api PATH                with https: unix socket of the SPIFFE Workload API, for the application
          --workload-process FILE            with --workload-api: names the application's process, as PID START
          --state DIR                        folder for the last good configuration (made when missing)
          --admin unix:PATH|IP:PORT          admin listener, loopback only (default: unix:DIR/admin.sock)
          --snapshot FILE                    serve what `banyan compile` wrote, without a control plane
          --reactors N                       worker threads (default: 1)
          --log-level LEVEL                  debug, info, warn, error or off (default: info)
          --version                          print the version
          --help                             print this

        Environment:
          BANYAN_HOP=adaptive|client|http1|http2
                                             how requests travel to other sidecars: by load (default), as the client's,
                                             or always so where nothing forbids it

        """;

    private CommandLine()
    {
    }

    /// <summary>The options, when the program shall run.</summary>
    public ProxyOptions? Options { get; private init; }

    /// <summary>Exit code, when it shall not.</summary>
    public int ExitCode { get; private init; }

    /// <summary>What to print before leaving: on standard output when <see cref="ExitCode"/> is 0, else on standard error.</summary>
    public string Output { get; private init; } = "";

    /// <summary>Reads the arguments.</summary>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    public static CommandLine Parse(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var hop = environment("BANYAN_HOP") is { Length: > 0 } named ? named : "adaptive";
        if (hop is not ("adaptive" or "client" or "http1" or "http2"))
        {
            return Bad($"BANYAN_HOP: \"{hop}\" is not adaptive, client, http1 or http2");
        }

        var options = new ProxyOptions
        {
            Testing = environment("BANYAN_TEST") is "1",
            Hop = hop switch { "client" => HopMode.Client, "http1" => HopMode.Http1, "http2" => HopMode.Http2, _ => HopMode.Adaptive },
        };
        var given = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var (flag, value) = Split(arguments[i]);
            if (flag is "--help" or "-h")
            {
                return new CommandLine { Output = Usage };
            }

            if (flag is "--version")
            {
                return new CommandLine { Output = $"banyan-proxy {ProductVersion.Text}\n" };
            }

            if (!IsKnown(flag))
            {
                return Bad(flag.StartsWith('-') ? $"{flag}: no such option" : $"\"{flag}\": not an option; options begin with --");
            }

            if (!given.Add(flag) && flag is not "--control")
            {
                return Bad($"{flag}: given twice");
            }

            value ??= i + 1 < arguments.Count ? arguments[++i] : null;
            if (string.IsNullOrEmpty(value))
            {
                return Bad($"{flag}: needs a value");
            }

            if (Set(flag, value, ref options) is { } problem)
            {
                return Bad($"{flag}: {problem}");
            }
        }

        return Complete(options) is { } missing
            ? Bad(missing)
            : new CommandLine { Options = WithDefaults(options) };
    }

    private static (string Flag, string? Value) Split(string argument)
    {
        var at = argument.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && argument.StartsWith("--", StringComparison.Ordinal)
            ? (argument[..at], argument[(at + 1)..])
            : (argument, null);
    }

    private static bool IsKnown(string flag) =>
        flag is "--node" or "--control" or "--state" or "--admin" or "--snapshot" or "--reactors" or "--log-level"
            or "--service-account" or "--join-token" or "--identity"
            or "--workload-api" or "--workload-process";

    private static string? Set(string flag, string value, ref ProxyOptions options)
    {
        switch (flag)
        {
            case "--node":
                if (!NodeName.TryParse(value, out var node))
                {
                    return $"\"{value}\" is not NAMESPACE/WORKLOAD/REPLICA, such as default/payments-v1/0";
                }

                options = options with { Node = node };
                return null;
            case "--control":
                return AddControl(value, ref options);
            case "--state":
                options = options with { State = Path.GetFullPath(value) };
                return File.Exists(value) ? $"{value} is a file, a folder is needed" : null;
            case "--service-account":
                options = options with { ServiceAccount = value };
                return NodeName.IsLabel(value) ? null : $"\"{value}\" is not a name, such as payments";
            case "--join-token":
                options = options with { JoinToken = Path.GetFullPath(value) };
                return Directory.Exists(value) ? $"{value} is a folder, a file with the token is needed" : null;
            case "--identity":
                options = options with { IdentityInMemory = value == "memory" };
                return value is "state" or "memory" ? null : $"\"{value}\" is neither state nor memory";
            case "--workload-api":
                options = options with { WorkloadApi = Path.GetFullPath(value) };
                return Directory.Exists(value) ? $"{value} is a folder, the path of a socket is needed" : null;
            case "--workload-process":
                options = options with { WorkloadProcess = Path.GetFullPath(value) };
                return Directory.Exists(value) ? $"{value} is a folder, a file with PID START is needed" : null;
            case "--admin":
                var problem = AdminAddress.Read(value, out var admin);
                options = options with { Admin = admin };
                return problem;
            case "--snapshot":
                options = options with { SnapshotFile = Path.GetFullPath(value) };
                return File.Exists(value) ? null : $"there is no file {value}";
            case "--reactors":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var reactors)
                    || reactors is < 1 or > MostReactors)
                {
                    return $"\"{value}\" is not a number from 1 to {MostReactors}";
                }

                options = options with { Reactors = reactors };
                return null;
            default:
                if (LogLevels.Parse(value) is not { } level)
                {
                    return $"\"{value}\" is none of debug, info, warn, error, off";
                }

                options = options with { LogLevel = level };
                return null;
        }
    }

    private static string? AddControl(string value, ref ProxyOptions options)
    {
        var all = options.Control.ToList();
        foreach (var text in value.Split(','))
        {
            if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri)
                || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
                || uri.PathAndQuery is not "/")
            {
                return $"\"{text}\" is not a URL like http://127.0.0.1:14010";
            }

            if (all.Count > 0 && all[0].Scheme != uri.Scheme)
            {
                return $"{text} and {all[0]}: either all are asked over TLS, or none is";
            }

            if (all.Contains(uri))
            {
                return $"{text} is given twice";
            }

            all.Add(uri);
        }

        options = options with { Control = all };
        return null;
    }

    private static string? Complete(ProxyOptions options)
    {
        if (options.SnapshotFile is not null)
        {
            return options.Control.Count == 0 ? null : "--control: not together with --snapshot, which needs no control plane";
        }

        if (options.Node is null)
        {
            return "--node: missing; say who this proxy is, such as default/payments-v1/0";
        }

        if (options.Control.Count == 0)
        {
            return "--control: missing; say where the control plane is, or give --snapshot FILE to run without one";
        }

        if (options.HasIdentity && options.ServiceAccount is null)
        {
            return "--service-account: missing; say whose identity this proxy asks for over https, such as payments";
        }

        if (!options.HasIdentity && (options.JoinToken is not null || options.IdentityInMemory || options.ServiceAccount is not null))
        {
            return "--join-token, --identity and --service-account: an identity is asked for over TLS alone; say --control https://HOST:PORT";
        }

        if ((options.WorkloadApi is null) != (options.WorkloadProcess is null))
        {
            return "--workload-api and --workload-process: one needs the other";
        }

        if (options.WorkloadApi is not null && !options.HasIdentity)
        {
            return "--workload-api: identities come from a control plane that is asked over TLS; say --control https://HOST:PORT";
        }

        return options.State is null ? "--state: missing; name a folder for the last good configuration" : null;
    }

    private static ProxyOptions WithDefaults(ProxyOptions options) =>
        options is { Admin: null, State: { } state }
            ? options with { Admin = AdminAddress.Unix(Path.Combine(state, "admin.sock")) }
            : options;

    private static CommandLine Bad(string message) =>
        new() { ExitCode = BadArguments, Output = $"banyan-proxy: {message}\nTry: banyan-proxy --help\n" };
}
