namespace Banyan.Proxy.Background;

/// <summary>Starts threads that yield to the reactors.</summary>
internal static class NiceThread
{
    private const int Nice = 10;

    // Enough for what runs here; the default of 8 MB counts against container limits on some systems.
    private const int StackSize = 512 * 1024;

    /// <summary>Runs the body on a background thread of its own at nice 10.</summary>
    public static Thread Start(string name, Action body)
    {
        var thread = new Thread(
            () =>
            {
                // On Linux a nice value belongs to a thread, and 0 is the calling one. .NET's thread priorities do nothing there.
                // Refusal (a seccomp profile) costs nothing but the preference.
                _ = Native.SetPriority(Native.PriorityOfProcess, 0, Nice);
                body();
            },
            StackSize)
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        return thread;
    }
}
