using System.Text.Json.Nodes;
using Spectre.Console;

namespace Banyan.Cli;

/// <summary>Tables in one style; without colours, borders and line breaks where nobody looks on with a terminal.</summary>
internal static class Tables
{
    /// <summary>Wide enough that nothing is broken when the output goes to a file or another program.</summary>
    private const int WidthWithoutTerminal = 4096;

    /// <summary>A table with these headings.</summary>
    public static Table Create(params string[] headings)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(Markup.Escape(heading)).NoWrap().PadLeft(0).PadRight(2));
        }

        return table;
    }

    /// <summary>Makes columns of numbers stand below each other.</summary>
    public static Table AlignRight(this Table table, params int[] columns)
    {
        foreach (var column in columns)
        {
            table.Columns[column].RightAligned();
        }

        return table;
    }

    /// <summary>A cell's text, safe for markup.</summary>
    public static string Cell(JsonNode? node) => Markup.Escape(node?.ToString() ?? "");

    /// <summary>Prints to standard output.</summary>
    public static void Print(Table table) => Output.Write(table);

    /// <summary>Standard output; plain when it is no terminal.</summary>
    public static IAnsiConsole Output { get; } = CreateOutput();

    private static IAnsiConsole CreateOutput()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(Console.Out),
        });
        console.Profile.Width = WidthWithoutTerminal;
        return console;
    }
}
