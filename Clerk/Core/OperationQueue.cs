namespace Quorleans.Clerk;

/// <summary>A first-in first-out queue of operations, linked through them: any one can be taken out in constant time.</summary>
internal sealed class OperationQueue
{
    private ClerkOperation? _tail;

    /// <summary>The next to go, or null.</summary>
    public ClerkOperation? Head { get; private set; }

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    /// <summary>Adds at the end.</summary>
    public void Enqueue(ClerkOperation operation)
    {
        operation.QueuePrevious = _tail;
        operation.QueueNext = null;
        if (_tail is null) Head = operation;
        else _tail.QueueNext = operation;
        _tail = operation;
        Count++;
    }

    /// <summary>Adds at the front: it was on its way before and is older than whatever waits.</summary>
    public void Return(ClerkOperation operation)
    {
        operation.QueueNext = Head;
        operation.QueuePrevious = null;
        if (Head is null) _tail = operation;
        else Head.QueuePrevious = operation;
        Head = operation;
        Count++;
    }

    /// <summary>Takes one out.</summary>
    public void Remove(ClerkOperation operation)
    {
        if (operation.QueuePrevious is null) Head = operation.QueueNext;
        else operation.QueuePrevious.QueueNext = operation.QueueNext;
        if (operation.QueueNext is null) _tail = operation.QueuePrevious;
        else operation.QueueNext.QueuePrevious = operation.QueuePrevious;
        operation.QueueNext = operation.QueuePrevious = null;
        Count--;
    }
}
