namespace Banyan.Testing.Hostile;

/// <summary>Rows of the table with a few random changes: near what is valid, which is where parsers differ.</summary>
public static class HostileMutator
{
    private const int LongestSeed = 2000;

    private static readonly byte[] Spice = "\r\n\r\n :;,/\\\"\t\0#?*[]@=0159afAF%\x7f\u0080\u00ff"u8.ToArray();
    private static readonly byte[][] All = [.. Seeds(_ => true)];
    private static readonly byte[][] Requests = [.. Seeds(row => row.Side == HostileSide.Request)];
    private static readonly byte[][] Valid = [.. Seeds(row => row is { Side: HostileSide.Request, Accepted: true })];

    /// <summary>A request or a response.</summary>
    public static byte[] Message(Random random) => Mutate(All, random);

    /// <summary>A request.</summary>
    public static byte[] Request(Random random) => Mutate(Requests, random);

    /// <summary>A request that was valid before it was changed.</summary>
    public static byte[] NearlyValidRequest(Random random) => Mutate(Valid, random);

    private static IEnumerable<byte[]> Seeds(Func<HostileCase, bool> wanted) =>
        HostileCases.All.Where(row => row.Text.Length < LongestSeed && wanted(row)).Select(row => row.Bytes);

    private static byte[] Mutate(byte[][] seeds, Random random)
    {
        var bytes = seeds[random.Next(seeds.Length)].ToList();
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            var at = random.Next(bytes.Count + 1);
            var spice = random.Next(3) == 0 ? (byte)random.Next(256) : Spice[random.Next(Spice.Length)];
            switch (random.Next(5))
            {
                case 0:
                    bytes.Insert(at, spice);
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = spice;
                    break;
                case 2 when at < bytes.Count:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(8, bytes.Count - at + 1)));
                    break;
                case 3:
                    var other = seeds[random.Next(seeds.Length)];
                    var start = random.Next(other.Length);
                    bytes.InsertRange(at, other[start..random.Next(start, Math.Min(other.Length, start + 60))]);
                    break;
                default:
                    bytes.InsertRange(at, bytes[at..Math.Min(bytes.Count, at + random.Next(20))]);
                    break;
            }
        }

        return [.. bytes];
    }
}
