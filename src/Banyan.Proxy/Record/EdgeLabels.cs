namespace Banyan.Proxy.Record;

/// <summary>Interned label values: a metric key is a few small integers, their texts live here once per process.</summary>
/// <remarks>Numbers are never given twice, so a key means the same forever. Reading is lock-free; a name is interned when a snapshot
/// first uses it, an identity when a peer first proves it. Beyond <see cref="Capacity"/> names of a sort, further ones share one number.</remarks>
internal static class EdgeLabels
{
    /// <summary>Names of each sort; far above what the label limit lets through.</summary>
    public const int Capacity = 1 << 16;

    /// <summary>The number that stands for all names beyond.</summary>
    public const int Other = 1;

    /// <summary>Longest identity, in characters, that has a number of its own: that of every Banyan workload is shorter, and a report
    /// takes no longer texts.</summary>
    private const int LongestIdentity = 400;

    private static readonly Pool<(string Service, string Namespace, int Port)> Destinations = new(("other", "other", 0));
    private static readonly Pool<string> Routes = new("other");
    private static readonly Pool<(string Workload, string Version)> Workloads = new(("other", "other"));
    private static readonly Pool<string> Identities = new("other");

    public static int Destination(string service, string @namespace, int port) => Destinations.Intern((service, @namespace, port));

    public static int Route(string name) => Routes.Intern(name);

    public static int Workload(string workload, string version) => Workloads.Intern((workload, version));

    public static int Identity(string id) => id.Length > LongestIdentity ? Other : Identities.Intern(id);

    public static (string Service, string Namespace, int Port) DestinationOf(int label) =>
        label == 0 ? ("", "", 0) : Destinations[label];

    public static string RouteOf(int label) => label == 0 ? "" : Routes[label];

    public static (string Workload, string Version) WorkloadOf(int label) => label == 0 ? ("", "") : Workloads[label];

    public static string IdentityOf(int label) => label == 0 ? "" : Identities[label];

    // 0 is "not set", 1 is the value that stands for all beyond the capacity.
    private sealed class Pool<T>(T other)
        where T : notnull
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<T, int> _labels = [];
        private volatile T[] _values = [default!, other];
        private int _count = 2;

        public T this[int label] => _values[label];

        public int Intern(T value)
        {
            lock (_lock)
            {
                if (_labels.TryGetValue(value, out var known))
                {
                    return known;
                }

                if (_count == Capacity)
                {
                    return 1;
                }

                if (_count == _values.Length)
                {
                    var grown = new T[_values.Length * 2];
                    Array.Copy(_values, grown, _count);
                    grown[_count] = value;
                    _values = grown;
                }
                else
                {
                    _values[_count] = value;
                }

                _labels.Add(value, _count);
                return _count++;
            }
        }
    }
}
