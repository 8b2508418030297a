using System.Globalization;
using System.Text;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.WorkloadApi;

/// <summary>The process at the other end of a unix socket: its number, its session and when it began (clock ticks since the
/// machine started).</summary>
internal readonly record struct Caller(int Pid, int Session, long Start)
{
    private const int PeerCredentials = 17;

    /// <summary>In <c>/proc/PID/stat</c>, counted behind the name: state is 0 (proc_pid_stat(5)).</summary>
    private const int SessionField = 3, StartField = 19;

    /// <summary>Who connected; null when it has ended already.</summary>
    /// <remarks>The kernel noted the number when it connected. Asked at once, it is still the same process's.</remarks>
    internal static unsafe Caller? Of(int socket)
    {
        // struct ucred: pid, uid, gid.
        var credentials = stackalloc int[3];
        var size = 3 * (uint)sizeof(int);
        return Libc.getsockopt(socket, Libc.SOL_SOCKET, PeerCredentials, credentials, &size) == 0 && credentials[0] > 0
            ? Find(credentials[0])
            : null;
    }

    /// <summary>A process that runs now; null when there is none of that number.</summary>
    internal static Caller? Find(int pid)
    {
        try
        {
            var text = Encoding.Latin1.GetString(File.ReadAllBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")));

            // The name stands in parentheses and may hold any character.
            var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > StartField
                && fields[0] is not ("Z" or "X")
                && int.TryParse(fields[SessionField], CultureInfo.InvariantCulture, out var session)
                && long.TryParse(fields[StartField], CultureInfo.InvariantCulture, out var start)
                    ? new Caller(pid, session, start)
                    : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
