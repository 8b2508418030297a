namespace Banyan.Control.Registry;

/// <summary>Which of the silent are forgotten at once, and which only when they do not answer either. Pure.</summary>
internal static class Expiry
{
    /// <summary>
    /// Judges the registrations of one service. At most half of its endpoints are forgotten unasked: when more fall
    /// silent together, the fault is rather with who should hear them.
    /// </summary>
    /// <param name="all">How many the service has or had within that time.</param>
    /// <param name="lately">How many of them were forgotten unasked within <see cref="RegistryKeeper.Window"/>.</param>
    /// <param name="silent">Those whose time is up, with whether this process ever heard them.</param>
    public static (List<Registration> Forget, List<Registration> Ask) Judge(
        int all, int lately, IReadOnlyList<(Registration Item, bool WasHeard)> silent)
    {
        var room = (all / 2) - lately;
        List<Registration> forget = [];
        List<Registration> ask = [];
        foreach (var (item, wasHeard) in silent)
        {
            // Not heard since a start: perhaps its heartbeats do not find the way back yet.
            if (wasHeard && forget.Count < room)
            {
                forget.Add(item);
            }
            else
            {
                ask.Add(item);
            }
        }

        return (forget, ask);
    }
}
