using System.Net;
using System.Net.Sockets;

namespace Banyan.Cli.Up;

/// <summary>
/// Gives out ports that nobody listens on, from below the range the kernel takes for outgoing connections: a port of
/// that range may be gone again before its owner binds it, and a connection to a closed one may connect to itself.
/// </summary>
internal sealed class PortAllocator
{
    public const int Lowest = 20000;
    public const int Highest = 32000;

    private readonly Lock _gate = new();
    private readonly HashSet<int> _taken = [];
    private readonly int _lowestEphemeral;
    private readonly int _highestEphemeral;
    private int _next;

    /// <summary>Begins somewhere by chance, so that two supervisors on one host rarely meet.</summary>
    public PortAllocator(Random random)
    {
        _next = random.Next(Lowest, Highest + 1);
        (_lowestEphemeral, _highestEphemeral) = ReadEphemeralRange();
    }

    /// <summary>A free port.</summary>
    /// <exception cref="UserException">None is left.</exception>
    public int Take()
    {
        lock (_gate)
        {
            for (var tries = 0; tries <= Highest - Lowest; tries++)
            {
                var port = _next;
                _next = port == Highest ? Lowest : port + 1;
                if (!IsEphemeral(port) && !_taken.Contains(port) && IsFree(port))
                {
                    _taken.Add(port);
                    return port;
                }
            }
        }

        throw new UserException($"no free port between {Lowest} and {Highest}");
    }

    /// <summary>Takes a port that the user chose.</summary>
    /// <returns>False when somebody has it.</returns>
    public bool TryTake(int port)
    {
        lock (_gate)
        {
            return !_taken.Contains(port) && IsFree(port) && _taken.Add(port);
        }
    }

    /// <summary>Gives a port back.</summary>
    public void Release(int port)
    {
        lock (_gate)
        {
            _taken.Remove(port);
        }
    }

    /// <summary>Whether nobody listens on a port.</summary>
    public static bool IsFree(int port)
    {
        // On all addresses: a listener on any of them would be in the way of an application that binds them all.
        return CanBind(IPAddress.Any, port) && (!Socket.OSSupportsIPv6 || CanBind(IPAddress.IPv6Any, port));
    }

    private static bool CanBind(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable;
        }
    }

    private bool IsEphemeral(int port) => port >= _lowestEphemeral && port <= _highestEphemeral;

    private static (int Lowest, int Highest) ReadEphemeralRange()
    {
        const string File = "/proc/sys/net/ipv4/ip_local_port_range";
        var fields = System.IO.File.Exists(File)
            ? System.IO.File.ReadAllText(File).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            : [];

        // A host whose outgoing ports cover everything below 32000 leaves no better choice than binding and hoping.
        return fields.Length == 2 && int.TryParse(fields[0], out var lowest) && int.TryParse(fields[1], out var highest)
            && lowest > Lowest
                ? (lowest, highest)
                : (32768, 60999);
    }
}
