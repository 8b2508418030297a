using System.Security.Cryptography;
using System.Text;
using Banyan.Cli.Up.Processes;
using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>Where things lie in a state directory; the same for those who serve and those who call.</summary>
internal sealed class StatePaths
{
    /// <summary>The variable that names the state directory when --state is absent.</summary>
    public const string Variable = "BANYAN_STATE";

    private const string DefaultFolder = ".banyan";

    // sockaddr_un holds 108 bytes, the last one a zero.
    private const int LongestSocketPath = 107;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public StatePaths(string? folder)
    {
        var chosen = string.IsNullOrEmpty(folder) ? Environment.GetEnvironmentVariable(Variable) : folder;
        Folder = Path.GetFullPath(string.IsNullOrEmpty(chosen) ? DefaultFolder : chosen).TrimEnd('/');
    }

    /// <summary>The state directory itself.</summary>
    public string Folder { get; }

    public string ControlSocket => Socket("control.sock");

    public string SupervisorSocket => Socket("up.sock");

    public string ControlFolder => Path.Combine(Folder, "control");

    public string Lock => Path.Combine(Folder, "up.lock");

    /// <summary>What a supervisor leaves for those who come after it: its process and its mark.</summary>
    public string Record => Path.Combine(Folder, "up.json");

    public string Log => Path.Combine(Folder, "up.log");

    /// <summary>The folder that a sidecar keeps its snapshot in.</summary>
    public string Proxy(string node) => Path.Combine(Folder, "proxies", node);

    /// <summary>The folder that a sidecar keeps its key and certificates in.</summary>
    public string Identity(string node) => Path.Combine(Proxy(node), "identity");

    /// <summary>The file by which a sidecar joins; gone once it has.</summary>
    public string JoinToken(string node) => Path.Combine(Proxy(node), "join-token");

    /// <summary>The file that tells a sidecar which process is its application's.</summary>
    public string WorkloadProcess(string node) => Path.Combine(Proxy(node), "workload.process");

    /// <summary>Where an application gets a certificate of its own.</summary>
    public string WorkloadSocket(string node) => Socket(Path.Combine("proxies", node, "workload.sock"));

    /// <summary>The file by which a replica without a sidecar finds the control plane.</summary>
    public string Bootstrap(string node) => Path.Combine(Folder, "bootstrap", $"{node}.json");

    /// <summary>A folder for an application's own files, shared by its replicas; made on first use, readable by nobody else.</summary>
    public string Data(Workload workload)
    {
        var folder = Path.Combine(Folder, "data", $"{workload.Metadata.Namespace}.{workload.Metadata.Name}");
        Directory.CreateDirectory(folder, Private);
        return folder;
    }

    public string ProxySocket(string node) => Socket(Path.Combine("proxies", node, "admin.sock"));

    /// <summary>Makes the folders, readable by nobody else.</summary>
    /// <exception cref="UserException">They cannot be made.</exception>
    public void Create()
    {
        try
        {
            Directory.CreateDirectory(Folder, Private);
            Directory.CreateDirectory(ControlFolder, Private);
            Directory.CreateDirectory(Path.Combine(Folder, "proxies"), Private);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--state {Folder}: {exception.Message}");
        }
    }

    /// <summary>A path short enough for a socket: in the state directory, else in a private folder beside /tmp's others.</summary>
    private string Socket(string name)
    {
        var path = Path.Combine(Folder, name);
        if (Encoding.UTF8.GetByteCount(path) <= LongestSocketPath)
        {
            return path;
        }

        var folder = $"/tmp/banyan-{Environment.UserName}-{Hash(Folder)}";
        MakePrivate(folder);
        return Path.Combine(folder, name.Length > 40 ? $"{Hash(name)}.sock" : name.Replace('/', '.'));
    }

    /// <summary>Anybody may have made a folder of this name in /tmp before: only one of our own is used.</summary>
    /// <exception cref="UserException">It is somebody else's, a link, or open to others.</exception>
    internal static void MakePrivate(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder, Private);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{folder}: {exception.Message}");
        }

        if (!FileOwner.IsPrivateFolder(folder))
        {
            throw new UserException(
                $"{folder} is not a folder of yours that only you may enter: remove it, or choose a shorter --state");
        }
    }

    private static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 6));
}
