using System.Globalization;
using Spectre.Console;

namespace Quorleans.Client.Demo;

/// <summary>Tells the demonstration: numbered steps, a few lines below each, colour only on a terminal.</summary>
internal sealed class Narrator(IAnsiConsole console)
{
    private int _step;

    /// <summary>Begins a step.</summary>
    public void Step(string title)
    {
        console.WriteLine();
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold cyan]{++_step}. {title}[/]");
    }

    /// <summary>Tells something.</summary>
    public void Say(string text) => Indented(new Text(text));

    /// <summary>A command as one would type it, and what came of it.</summary>
    public void Command(string command, string result) =>
        Indented(Markup.FromInterpolated(CultureInfo.InvariantCulture, $"[grey]>[/] {command}  [grey]→[/] {result}"));

    /// <summary>Something is as promised.</summary>
    public void Succeed(string text) => Indented(Markup.FromInterpolated(CultureInfo.InvariantCulture, $"[bold green]✓[/] {text}"));

    /// <summary>Something is not as promised.</summary>
    public void Fail(string text) => Indented(Markup.FromInterpolated(CultureInfo.InvariantCulture, $"[bold red]✗[/] {text}"));

    private void Indented(Spectre.Console.Rendering.IRenderable content) => console.Write(new Padder(content, new Padding(3, 0, 0, 0)));
}
