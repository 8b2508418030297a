namespace Banyan.Testing;

/// <summary>Damages bytes as wires, peers and attackers do: flips, counts off by one, gaps, repeats.</summary>
public static class Mutate
{
    /// <summary>The bytes with up to <paramref name="most"/> changes.</summary>
    public static byte[] Bytes(Random random, ReadOnlySpan<byte> seed, int most = 6)
    {
        List<byte> bytes = [.. seed];
        for (var change = random.Next(0, most + 1); change > 0 && bytes.Count > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = (byte)(bytes[at] + (random.Next(2) * 2) - 1);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(8), bytes.Count - at));
                    break;
                default:
                    bytes.AddRange([.. bytes.Skip(at).Take(random.Next(40))]);
                    break;
            }
        }

        return [.. bytes];
    }
}
