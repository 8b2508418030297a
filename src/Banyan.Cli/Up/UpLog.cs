using Spectre.Console;

namespace Banyan.Cli.Up;

/// <summary>The supervisor's log: its own notices, and the lines of its children with their names in front.</summary>
internal sealed class UpLog(TextWriter writer, bool colours)
{
    private static readonly int[] Palette = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _colours = new(StringComparer.Ordinal);
    private int _width = 12;

    /// <summary>Whether terminals of the standard error understand colours.</summary>
    public static bool ErrorHasColours { get; } =
        !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && AnsiConsole.Profile.Capabilities.ColorSystem != ColorSystem.NoColors;

    /// <summary>Something the supervisor itself has to say.</summary>
    public void Notice(string message) => Line("banyan", message);

    /// <summary>A line with a name in front.</summary>
    public void Line(string name, string text)
    {
        lock (_gate)
        {
            _width = Math.Clamp(name.Length, _width, 40);
            var prefix = $"{name.PadRight(_width)} | ";
            try
            {
                writer.WriteLine(colours ? $"\e[{Colour(name)}m{prefix}\e[0m{text}" : prefix + text);
                writer.Flush();
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // Nobody reads any more (a closed pipe): the mesh goes on.
            }
        }
    }

    private int Colour(string name)
    {
        if (!_colours.TryGetValue(name, out var colour))
        {
            colour = Palette[_colours.Count % Palette.Length];
            _colours.Add(name, colour);
        }

        return colour;
    }
}
